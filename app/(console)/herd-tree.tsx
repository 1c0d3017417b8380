import { ReplicationTree } from '@/components/topology/replication-tree'
import { herdTopology } from '@/db/topology'
import { requireActor } from '@/lib/auth/actor'

/** The replication tree of one herd, for a page that has already shown that the herd may be seen. */
export const HerdTree = async ({ herdId }: { herdId: string }) => {
  const { members } = await herdTopology(await requireActor(), herdId)
  return <ReplicationTree initial={members} url={`/api/live/herds/${herdId}`} />
}
