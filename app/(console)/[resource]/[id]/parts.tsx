import { HerdTree } from '@/app/(console)/herd-tree'
import { Card } from '@/components/ui/card'
import type { loadObject } from './load'
import { HostKeyNotice } from './host-key-notice'

type Loaded = Awaited<ReturnType<typeof loadObject>>

/** What only some resources show above their facts. */
export const ResourceParts = ({ loaded }: { loaded: Loaded }) => {
  const { resource, record } = loaded
  if (resource.name === 'herd')
    return (
      <Card title="Replication">
        <HerdTree herdId={record.id} />
      </Card>
    )
  if (resource.name === 'server') return <HostKeyNotice loaded={loaded} />
  return null
}
