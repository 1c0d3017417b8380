import { listen } from '@/db/client'
import { fleetFacts } from '@/db/fleet'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import type { Json } from '@/lib/kernel/json'
import { coalesce, liveResponse } from '../sse'

export const dynamic = 'force-dynamic'

const pauseMs = 2_000
/** Facts age and leases end without any notice, so it is read again at least this often. */
const rereadMs = 15_000

/** The front page: `fleet` with everything it shows whenever that changed, `same` with the time of the reading when it did not. */
export const GET = async (request: Request): Promise<Response> => {
  try {
    let actor = await actorOfRequest(request)
    return await liveResponse({
      request,
      authorise: async () => {
        actor = await actorOfRequest(request)
      },
      open: async ({ push, signal }) => {
        let shown = ''
        const flush = coalesce(
          async () => {
            const { at, ...facts } = await fleetFacts(actor)
            const text = JSON.stringify(facts)
            if (text === shown) push({ event: 'same', data: at })
            else push({ event: 'fleet', data: { at, ...facts } as unknown as Json })
            shown = text
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
