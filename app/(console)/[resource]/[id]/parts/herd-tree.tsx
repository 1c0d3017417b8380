import { ReplicationTree } from '@/components/topology/replication-tree'
import { herdTopology } from '@/db/fleet/topology'
import { requireActor } from '@/lib/auth/actor'
import { mayRun } from '@/lib/operations/may-run'

/** The replication tree of one herd, for a page that has already shown that the herd may be seen. */
export const HerdTree = async ({ herdId, isStopped = false }: { herdId: string; isStopped?: boolean }) => {
  const actor = await requireActor()
  const { members, environmentId } = await herdTopology(actor, herdId)
  return <ReplicationTree herdId={herdId} initial={members} isStopped={isStopped} canRepoint={mayRun(actor, 'repoint', environmentId)} />
}
