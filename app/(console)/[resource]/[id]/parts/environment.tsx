import { AllowLowering } from '@/components/resource/environment/allow-lowering'
import { EnvironmentKey } from '@/components/resource/environment/environment-key'
import { readKeyStanding } from '@/db/keys/key-rotation'
import { readAllowance } from '@/db/records/safeguards'
import { authorizedLine } from '@/lib/domain/values/authorized-key'
import { env } from '@/lib/env'
import { mayNot } from './may-not'
import type { ResourceParts } from './part'

export const environment: ResourceParts = {
  Beside: async ({ loaded: { actor, record } }) => {
    const because = mayNot(actor, 'environment.change', record.id)
    const [{ current, next }, allowance] = await Promise.all([readKeyStanding(record.id), readAllowance(record.id)])
    const lineOf = (publicKey: string | null) => publicKey && authorizedLine(publicKey, env().WORKER_ADDRESSES)
    return (
      <>
        <EnvironmentKey
          id={record.id}
          standing={{ current: lineOf(current), next: next && { ...next, line: lineOf(next.publicKey) } }}
          because={because}
        />
        {record.values.protection === 'two-person' && (
          <AllowLowering id={record.id} by={allowance?.by ?? null} until={allowance?.until ?? null} because={because} />
        )}
      </>
    )
  },
}
