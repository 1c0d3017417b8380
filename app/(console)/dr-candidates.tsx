import { Candidates } from '@/components/failover/candidates'
import { LiveRefresh } from '@/components/resource/live/live-refresh'
import { Card } from '@/components/ui/card'
import { shownCandidates } from '@/db/failovers'
import { requireActor } from '@/lib/auth/actor'
import { mayIn } from '@/lib/kernel/access'
import { HerdTree } from './herd-tree'

/** Who would take over, live, and the tree, for a page that has already shown that the herd may be seen. */
export const DrCandidates = async ({ herdId, environmentId }: { herdId: string; environmentId: string | null }) => {
  const actor = await requireActor()
  const candidates = await shownCandidates(herdId)
  return (
    <>
      <Card
        title="Candidates"
        isFlush
        actions={<LiveRefresh ids={candidates.map(({ id }) => id)} records={['instance', 'herd']} newestAt={null} />}
      >
        <Candidates herdId={herdId} candidates={candidates} mayFailOver={mayIn(actor, 'dr-pair.run.failover', environmentId)} />
      </Card>
      <Card title="Replication">
        <HerdTree herdId={herdId} />
      </Card>
    </>
  )
}
