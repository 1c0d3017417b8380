import { listen } from '@/db/pg/client'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import type { ChangesStream } from '@/lib/shapes/streams'
import { coalesce, liveResponse } from '../sse'

export const dynamic = 'force-dynamic'

const pauseMs = 1_000
/** More changed ids than this are sent as `*`: read again what you show. */
const idsMax = 500

/**
 * What changed, as names: `facts` with the ids of environments or instances (or `*`), `records` with resource names, `runs` with run ids.
 * At most one of each a second. The values are read through the lists, which know what this reader may see.
 */
export const GET = async (request: Request): Promise<Response> => {
  try {
    return await liveResponse<ChangesStream>({
      request,
      authorise: async () => void (await actorOfRequest(request)),
      open: async ({ push, signal }) => {
        const follow = async (channel: keyof ChangesStream) => {
          const changed = new Set<string>()
          const flush = coalesce(
            async () => {
              const ids = [...changed]
              changed.clear()
              push({ event: channel, data: ids.length > idsMax || ids.includes('*') ? ['*'] : ids })
            },
            pauseMs,
            signal,
          )
          return listen(channel, (payload) => {
            // '' after a lost connection: anything may have happened.
            for (const id of (payload || '*').split(',')) changed.add(id.trim())
            flush()
          })
        }
        const stops = await Promise.all([follow('facts'), follow('records'), follow('runs')])
        return () => {
          for (const stop of stops) stop()
        }
      },
    })
  } catch (error) {
    return problem(error)
  }
}
