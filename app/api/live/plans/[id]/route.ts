import { listen } from '@/db/pg/client'
import { readReadiness } from '@/db/pg/readiness'
import { getPlan } from '@/jobs/requests'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import type { Actor } from '@/lib/kernel/access/access'
import type { PlanStream } from '@/lib/shapes/streams'
import { coalesce, liveResponse } from '../../sse'

export const dynamic = 'force-dynamic'

const pauseMs = 300
const rereadMs = 3_000

/** A plan in the making, or waiting for its approval: `plan` whenever its state or its approval changes, `absent` true while no worker could make it. */
export const GET = async (request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  try {
    const { id } = await params
    let actor: Actor
    return await liveResponse<PlanStream>({
      request,
      authorise: async () => {
        actor = await actorOfRequest(request)
        await getPlan(actor, id)
        return actor
      },
      open: async ({ push, signal }) => {
        let shown: string | null = null
        const look = coalesce(
          async () => {
            const row = await getPlan(actor, id)
            const now = `${row.state} ${row.approvalAskedAt?.toISOString() ?? ''} ${row.approvedAt?.toISOString() ?? ''}`
            // The page that opened the stream has the first state already, unless it moved meanwhile.
            if (shown === null || shown !== now) push({ event: 'plan', data: row.state })
            shown = now
            if (row.state === 'asked') push({ event: 'absent', data: (await readReadiness()).workers === 0 })
          },
          pauseMs,
          signal,
        )
        const stop = await listen('plans', (payload) => {
          if (payload === '' || payload === id) look()
        })
        const timer = setInterval(look, rereadMs)
        look()
        return () => {
          clearInterval(timer)
          stop()
        }
      },
    })
  } catch (error) {
    return problem(error)
  }
}
