import { LinkButton } from '@/components/ui/button'
import { shownCandidates } from '@/db/failovers'
import { requireActor } from '@/lib/auth/actor'
import { mayIn } from '@/lib/kernel/access'

/** The way to the plan, for whoever may and where a standby could take over. For a page that has already shown that the herd may be seen. */
export const SwitchOver = async ({ herdId, environmentId }: { herdId: string; environmentId: string | null }) => {
  if (!mayIn(await requireActor(), 'dr-pair.run.switchover', environmentId)) return null
  const candidates = await shownCandidates(herdId)
  if (!candidates.some(({ rank }) => rank !== null)) return null
  return (
    <LinkButton isSmall href={`/dr-pairs/run/switchover?ids=${herdId}`}>
      Switch over
    </LinkButton>
  )
}
