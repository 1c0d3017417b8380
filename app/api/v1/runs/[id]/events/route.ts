import { listen } from '@/db/pg/client'
import { getRun, readEvents } from '@/db/runs/runs'
import { actorOfRequest } from '@/lib/auth/request'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { RunState } from '@/lib/kernel/ground/journal'
import type { RunEventsStream } from '@/lib/shapes/streams'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'
import { coalesce, liveResponse } from '../../../../live/sse'
import { watchWaits } from '../../../../live/waits'

const batch = 500
const pauseMs = 100
const ended: readonly RunState[] = ['done', 'failed', 'cancelled']

const startAfter = (request: Request): number => {
  const header = request.headers.get('last-event-id')
  const given = header ?? new URL(request.url).searchParams.get('after') ?? '0'
  if (!/^\d{1,15}$/.test(given))
    throw new Fault('input.invalid', {
      fields: [{ path: header === null ? 'after' : 'Last-Event-ID', message: 'is the whole number of an event' }],
    })
  return Number(given)
}

/** One event `line` a journal line, its event id as the event's id; `run` with its state, and with what its jobs wait for, when one of them changes; `end` after the last line. */
export const GET = serve(calls.runEvents, async ({ actor: first, params, request }) => {
  const id = params.id!
  const after = startAfter(request)
  let actor: Actor = first
  return liveResponse<RunEventsStream>({
    request,
    authorise: async () => {
      actor = await actorOfRequest(request)
      await getRun(actor, id)
      return actor
    },
    open: async ({ push, end, signal }) => {
      let cursor = after
      let shown = ''
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
          const run = {
            state,
            jobs: jobs.map(({ id: jobId, title, state: jobState, because, waitsFor }) => ({
              id: jobId,
              title,
              state: jobState,
              because,
              waitsFor,
            })),
          }
          if (JSON.stringify(run) !== shown) push({ event: 'run', data: run })
          shown = JSON.stringify(run)
          if (ended.includes(state)) end('finished')
        },
        pauseMs,
        signal,
      )
      const onNews = (payload: string) => {
        if (payload === '' || payload === id) look()
      }
      const stops = [...(await Promise.all([listen('journal', onNews), listen('runs', onNews)])), watchWaits(id, look)]
      look()
      return () => {
        for (const stop of stops) stop()
      }
    },
  })
})
