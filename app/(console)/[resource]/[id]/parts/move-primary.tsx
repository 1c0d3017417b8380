import { LinkButton } from '@/components/ui/button'
import { shownCandidates } from '@/db/fleet/candidates'
import { requireActor } from '@/lib/auth/actor'
import { mayRun } from '@/lib/operations/may-run'

const ways = [
  { operation: 'failover', label: 'Fail over' },
  { operation: 'switchover', label: 'Switch over' },
]

/** Links to the plans, for people who may run them and where a standby could take over. The page has already checked that the herd may be seen. */
export const MovePrimary = async ({ herdId, environmentId }: { herdId: string; environmentId: string | null }) => {
  const actor = await requireActor()
  const allowed = ways.filter(({ operation }) => mayRun(actor, operation, environmentId))
  if (allowed.length === 0) return null
  const candidates = await shownCandidates(herdId)
  if (!candidates.some(({ rank }) => rank !== null)) return null
  return allowed.map(({ operation, label }) => (
    <LinkButton key={operation} isSmall href={`/dr-pairs/run/${operation}?ids=${herdId}`}>
      {label}
    </LinkButton>
  ))
}
