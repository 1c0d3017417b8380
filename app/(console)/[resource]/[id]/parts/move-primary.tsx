import { LinkButton } from '@/components/ui/button'
import { shownCandidates } from '@/db/fleet/candidates'
import { requireActor } from '@/lib/auth/actor'
import type { Json } from '@/lib/kernel/ground/json'
import { mayRun } from '@/lib/operations/may-run'

const ownWays = [
  { operation: 'failover', label: 'Fail over' },
  { operation: 'switchover', label: 'Switch over' },
]
const patroniWays = [
  { operation: 'patroni-zero-gap', label: 'Switch over without a gap' },
  { operation: 'patroni-switchover', label: 'Switch over through Patroni' },
]
/** Whoever decides over the herd moves its primary; what they all refuse is not offered here. Where that is not known, the plan looks. */
const waysOf = (manager: Json): typeof ownWays => {
  if (manager === 'patroni') return patroniWays
  return manager === 'none' || manager === 'unknown' ? ownWays : []
}

/** Links to the plans, for people who may run them and where a standby could take over. The page has already checked that the herd may be seen. */
export const MovePrimary = async ({ herdId, environmentId, manager }: { herdId: string; environmentId: string | null; manager: Json }) => {
  const actor = await requireActor()
  const allowed = waysOf(manager).filter(({ operation }) => mayRun(actor, operation, environmentId))
  if (allowed.length === 0) return null
  const candidates = await shownCandidates(herdId)
  if (!candidates.some(({ rank }) => rank !== null)) return null
  return allowed.map(({ operation, label }) => (
    <LinkButton key={operation} isSmall href={`/dr-pairs/run/${operation}?ids=${herdId}`}>
      {label}
    </LinkButton>
  ))
}
