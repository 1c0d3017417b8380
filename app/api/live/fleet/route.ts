import { fleetFacts } from '@/db/fleet/front-page'
import { listen } from '@/db/pg/client'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import { fleetChanges } from '@/lib/domain/problems/changes'
import type { FleetFacts } from '@/lib/domain/problems/fleet'
import type { FleetStream } from '@/lib/shapes/streams'
import { coalesce, liveResponse } from '../sse'

export const dynamic = 'force-dynamic'

const pauseMs = 2_000
/** Facts age and leases end without any notice, so it is read again at least this often. */
const rereadMs = 15_000

/** The front page: `fleet` with everything it shows, then `changed` with what became different at each reading, be it only its time. */
export const GET = async (request: Request): Promise<Response> => {
  try {
    let actor = await actorOfRequest(request)
    return await liveResponse<FleetStream>({
      request,
      authorise: async () => {
        actor = await actorOfRequest(request)
        return actor
      },
      open: async ({ push, signal }) => {
        let shown: FleetFacts | null = null
        const flush = coalesce(
          async () => {
            const facts = await fleetFacts(actor)
            push(shown === null ? { event: 'fleet', data: facts } : { event: 'changed', data: fleetChanges(shown, facts) })
            shown = facts
          },
          pauseMs,
          signal,
        )
        const stops = await Promise.all((['facts', 'records', 'runs', 'plans'] as const).map((channel) => listen(channel, flush)))
        const timer = setInterval(flush, rereadMs)
        flush()
        return () => {
          clearInterval(timer)
          for (const stop of stops) stop()
        }
      },
    })
  } catch (error) {
    return problem(error)
  }
}
