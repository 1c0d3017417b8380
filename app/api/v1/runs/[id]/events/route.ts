import { listen } from '@/db/pg/client'
import { getRun, readEvents } from '@/db/runs/runs'
import { actorOfRequest } from '@/lib/auth/request'
import type { Actor } from '@/lib/kernel/access/access'
import type { RunState } from '@/lib/kernel/ground/journal'
import type { RunEventsStream } from '@/lib/shapes/streams'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'
import { coalesce, liveResponse } from '../../../../live/sse'

const batch = 500
const pauseMs = 100
const ended: readonly RunState[] = ['done', 'failed', 'cancelled']

const startAfter = (request: Request): number => {
  const given = Number(request.headers.get('last-event-id') ?? new URL(request.url).searchParams.get('after') ?? 0)
  return Number.isSafeInteger(given) && given > 0 ? given : 0
}

/** One event `line` a journal line, its event id as the event's id; `run` with state and counts when it changes; `end` after the last line. */
export const GET = serve(calls.runEvents, async ({ actor: first, params, request }) => {
  const id = params.id!
  let actor: Actor = first
  return liveResponse<RunEventsStream>({
    request,
    authorise: async () => {
      actor = await actorOfRequest(request)
      await getRun(actor, id)
    },
    open: async ({ push, end, signal }) => {
      let cursor = startAfter(request)
      let shown: RunState | null = null
      const sendLines = async () => {
        for (;;) {
          const events = await readEvents(actor, id, cursor, batch)
          if (signal.aborted) return
          for (const { eventId, jobId, line } of events) push({ event: 'line', id: String(eventId), data: { jobId, ...line } })
          cursor = events.at(-1)?.eventId ?? cursor
          if (events.length < batch) return
        }
      }
      const look = coalesce(
        async () => {
          const { state, jobs } = await getRun(actor, id)
          await sendLines()
          if (state !== shown)
            push({
              event: 'run',
              data: {
                state,
                jobs: jobs.map(({ id: jobId, title, state: jobState, because }) => ({ id: jobId, title, state: jobState, because })),
              },
            })
          shown = state
          if (ended.includes(state)) end('finished')
        },
        pauseMs,
        signal,
      )
      const onNews = (payload: string) => {
        if (payload === '' || payload === id) look()
      }
      const stops = await Promise.all([listen('journal', onNews), listen('runs', onNews)])
      look()
      return () => {
        for (const stop of stops) stop()
      }
    },
  })
})
