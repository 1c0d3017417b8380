import { herdTopology } from '@/db/fleet/topology'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'

export const dynamic = 'force-dynamic'

/** The members of a herd as last observed, for its replication tree. */
export const GET = async (request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  try {
    const actor = await actorOfRequest(request)
    return Response.json(await herdTopology(actor, (await params).id), { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return problem(error)
  }
}
