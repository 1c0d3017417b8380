import { listen } from '@/db/pg/client'
import { readStrips } from '@/db/runs/canary-strips'
import { getRun, readEvents } from '@/db/runs/runs'
import { actorOfRequest } from '@/lib/auth/actor'
import { problem } from '@/lib/auth/problem'
import type { Actor } from '@/lib/kernel/access/access'
import type { RunState } from '@/lib/kernel/ground/journal'
import type { RunStream } from '@/lib/shapes/streams'
import { coalesce, liveResponse } from '../../sse'
import { watchWaits } from '../../waits'

export const dynamic = 'force-dynamic'

const batch = 2_000
const linesPauseMs = 100
const stripsPauseMs = 200
const runPauseMs = 700
const ended: readonly RunState[] = ['done', 'failed', 'cancelled']

const lastEventId = (request: Request): number => {
  const given = Number(request.headers.get('last-event-id') ?? new URL(request.url).searchParams.get('after') ?? 0)
  return Number.isSafeInteger(given) && given > 0 ? given : 0
}

/**
 * A run as it goes: `lines` (journal lines in order, the last one's event id as the event's id, so a reconnect goes on after it), `run` (the run with
 * its jobs), `strips` (what canaries saw; all of it again after a reconnect), `caught-up` once the past has been sent, and `end` after the last line of a run that is over.
 */
export const GET = async (request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  try {
    const { id } = await params
    let actor: Actor
    return await liveResponse<RunStream>({
      request,
      authorise: async () => {
        actor = await actorOfRequest(request)
        await readEvents(actor, id, Number.MAX_SAFE_INTEGER, 1)
        return actor
      },
      open: async ({ push, drained, end, signal }) => {
        let cursor = lastEventId(request)
        let isCaughtUp = false
        const readOn = async () => {
          for (;;) {
            const events = await readEvents(actor, id, cursor, batch)
            if (signal.aborted) return
            if (events.length > 0) {
              cursor = events.at(-1)!.eventId
              push({ event: 'lines', id: String(cursor), data: events })
              await drained()
            }
            if (events.length < batch) break
          }
          if (!isCaughtUp) push({ event: 'caught-up', data: null })
          isCaughtUp = true
        }
        // One reader at a time, or two would send the same lines.
        let sending: Promise<void> = Promise.resolve()
        const sendLines = () => {
          sending = sending.then(readOn, readOn)
          return sending
        }
        const lines = coalesce(sendLines, linesPauseMs, signal)
        const seen: Record<string, number> = {}
        const readStripsOn = async () => {
          const rows = await readStrips(actor, id, seen)
          for (const { jobId, seq } of rows) seen[jobId] = seq
          if (rows.length > 0) push({ event: 'strips', data: rows })
        }
        let sendingStrips: Promise<void> = Promise.resolve()
        const sendStrips = () => {
          sendingStrips = sendingStrips.then(readStripsOn, readStripsOn)
          return sendingStrips
        }
        const strips = coalesce(sendStrips, stripsPauseMs, signal)
        const run = coalesce(
          async () => {
            const view = await getRun(actor, id)
            push({ event: 'run', data: view })
            if (!ended.includes(view.state)) return
            // The line that closed the last job was written with the state just read.
            await Promise.all([sendLines(), sendStrips()])
            end('finished')
          },
          runPauseMs,
          signal,
        )
        const onRun = (payload: string) => {
          if (payload === '' || payload === id) run()
        }
        const stops = await Promise.all([
          listen('journal', (payload) => {
            if (payload === '' || payload === id) lines()
          }),
          listen('canary', (payload) => {
            if (payload === '' || payload === id) strips()
          }),
          listen('runs', onRun),
        ])
        const unwatch = watchWaits(id, run)
        lines()
        strips()
        run()
        return () => {
          unwatch()
          for (const stop of stops) stop()
        }
      },
    })
  } catch (error) {
    return problem(error)
  }
}
