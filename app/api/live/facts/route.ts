import { listen } from '@/db/pg/client'
import { idsInReach, maySeeAny } from '@/db/records/records'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import type { Actor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { instance } from '@/lib/resources/instance'
import { server } from '@/lib/resources/server'
import { run } from '@/lib/resources/work'
import type { ChangesStream } from '@/lib/shapes/streams'
import { coalesce, liveResponse } from '../sse'

export const dynamic = 'force-dynamic'

const pauseMs = 1_000
/** More changed ids than this are sent as `*`: read again what you show. */
const idsMax = 500

const seen: Record<keyof ChangesStream, (actor: Actor, ids: readonly string[]) => string[] | Promise<string[]>> = {
  facts: async (actor, ids) => [...new Set([...(await idsInReach(actor, instance, ids)), ...(await idsInReach(actor, server, ids))])],
  runs: (actor, ids) => idsInReach(actor, run, ids),
  // What is no resource is the front page’s, which everybody has.
  records: (actor, names) => names.filter((name) => resourceByName(name) === undefined || maySeeAny(actor, resourceByName(name)!)),
}

/**
 * What changed, as names: `facts` with the ids of servers or instances (or `*`), `records` with resource names, `runs` with run ids, of what this reader may
 * see. At most one of each a second. The values are read through the lists.
 */
export const GET = async (request: Request): Promise<Response> => {
  try {
    let actor = await actorOfRequest(request)
    return await liveResponse<ChangesStream>({
      request,
      authorise: async () => {
        actor = await actorOfRequest(request)
        return actor
      },
      open: async ({ push, signal }) => {
        const follow = async (channel: keyof ChangesStream) => {
          const changed = new Set<string>()
          const flush = coalesce(
            async () => {
              const ids = [...changed]
              changed.clear()
              const data = ids.length > idsMax || ids.includes('*') ? ['*'] : await seen[channel](actor, ids)
              if (data.length > 0) push({ event: channel, data })
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
