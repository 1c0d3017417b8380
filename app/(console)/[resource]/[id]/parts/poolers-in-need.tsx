import { PoolerAlarms } from '@/components/resource/pooler/alarms'
import { poolerAlarms } from '@/db/fleet/poolers'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { mayRun } from '@/lib/operations/may-run'

/** What the poolers of a herd or a server need somebody for. For a page that has already shown that it may be seen. */
export const PoolersInNeed = async ({
  actor,
  of,
  id,
  environmentId,
}: {
  actor: Actor
  of: 'herd' | 'server'
  id: string
  environmentId: string | null
}) => {
  if (!mayIn(actor, 'pooler.view', environmentId)) return null
  return <PoolerAlarms poolers={await poolerAlarms(of, id)} mayRun={(operation) => mayRun(actor, operation, environmentId)} />
}
