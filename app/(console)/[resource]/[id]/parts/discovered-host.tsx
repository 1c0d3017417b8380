import { HostToken } from '@/components/discovery/host-token'
import { readHostToken } from '@/db/discovery/host-tokens'
import { mayNot } from './may-not'
import type { ResourceParts } from './part'

export const discoveredHost: ResourceParts = {
  Above: async ({ loaded: { actor, record } }) => {
    const token = await readHostToken(record.id)
    if (token === null) return null
    return (
      <HostToken
        id={record.id}
        isRevoked={token.isRevoked}
        isWaiting={token.waiting !== null}
        from={token.waiting?.from ?? null}
        because={mayNot(actor, 'discovered-host.change', record.environmentId)}
      />
    )
  },
}
