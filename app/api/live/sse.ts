import { listen } from '@/db/pg/client'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import { logger } from '@/lib/log'
import type { EventOf, StreamEnd } from '@/lib/shapes/streams'

/** `id` comes back as Last-Event-ID when the browser reconnects. */
export type LiveEvent<Stream> = EventOf<Stream> & { id?: string }

export interface LiveChannel<Stream> {
  push: (event: LiveEvent<Stream>) => void
  /** Resolves once the reader has taken enough of what was pushed. Await it between the pieces of something long. */
  drained: () => Promise<void>
  /** Aborted when the reader has gone, may no longer read, or `end` was called. */
  signal: AbortSignal
  /** Ends the stream for good: the reader is told why and does not reconnect. */
  end: (because: StreamEnd) => void
}

export interface LiveOptions<Stream> {
  request: Request
  /** Who reads. Throws when the reader may not read (any more). Asked before the stream opens, at each heartbeat, and when logins, grants or people change. */
  authorise: () => Promise<Actor>
  /** Starts pushing; its answer stops what it started. Runs after the stream is open. */
  open: (channel: LiveChannel<Stream>) => Promise<(() => void) | undefined>
}

const heartbeatMs = 15_000
/** A reader that does not read is let go before it fills our memory; it reconnects and goes on after its last event. */
const waitingBytesMax = 4 * 1024 * 1024
const waitingBytesFew = 512 * 1024
/** A person, or a token, may read so many at once from one web process: eight pages or so. */
const streamsMax = 30
const openOf = new Map<string, number>()

/** Counts one more stream of this reader; the answer takes it off again. Throws `limit.reached`. */
const counted = ({ tokenId, personId, name }: Actor): (() => void) => {
  const reader = tokenId ?? personId ?? name
  const before = openOf.get(reader) ?? 0
  if (before >= streamsMax)
    throw new Fault('limit.reached', { because: `You read ${streamsMax} streams already. Close a page, or end a reader.` })
  openOf.set(reader, before + 1)
  return () => {
    const now = (openOf.get(reader) ?? 1) - 1
    if (now > 0) openOf.set(reader, now)
    else openOf.delete(reader)
  }
}

/** Changes to these may end a reader's right to read. */
const accessRecords = new Set(['', 'session', 'grant', 'person', 'token'])
const refusals = ['auth.required', 'access.denied', 'record.missing'] as const

const encoder = new TextEncoder()
/** JSON has no raw line break, so one `data:` line holds it. */
const encode = ({ event, data, id }: { event: string; data: unknown; id?: string }) =>
  encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

/**
 * A stream of server-sent events, of those that `Stream` names: its reader names the same. No database connection is held: changes arrive over the process's one listening connection.
 * Throws what `authorise` throws, and `limit.reached`, so that the route answers with a problem instead of a stream.
 */
export const liveResponse = async <Stream>({ request, authorise, open }: LiveOptions<Stream>): Promise<Response> => {
  const over = new AbortController()
  const stops = [counted(await authorise())]
  let taken = () => {}
  const close = () => {
    if (over.signal.aborted) return
    over.abort()
    taken()
    for (const stop of stops) stop()
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      async start(controller) {
        const send = (bytes: Uint8Array) => {
          if (over.signal.aborted) return
          if ((controller.desiredSize ?? 0) < -waitingBytesMax) return finish()
          controller.enqueue(bytes)
        }
        const drained = async () => {
          while (!over.signal.aborted && (controller.desiredSize ?? 0) < -waitingBytesFew)
            await new Promise<void>((resolve) => {
              taken = resolve
            })
        }
        const finish = () => {
          if (over.signal.aborted) return
          close()
          controller.close()
        }
        const end = (because: StreamEnd) => {
          send(encode({ event: 'end', data: because }))
          finish()
        }
        const check = async () => {
          try {
            await authorise()
          } catch (error) {
            if (refusals.some((code) => isFault(error, code))) end('refused')
            // A database that is down revokes nothing; the reader sees the beats go on.
          }
        }
        request.signal.addEventListener('abort', finish)
        const beat = setInterval(() => {
          send(encoder.encode(': beat\n\n'))
          check()
        }, heartbeatMs)
        stops.push(
          () => clearInterval(beat),
          () => request.signal.removeEventListener('abort', finish),
        )
        if (request.signal.aborted) return finish()
        send(encoder.encode('retry: 2000\n\n'))
        try {
          const started = await Promise.all([
            listen('records', (resource) => {
              if (accessRecords.has(resource)) check()
            }),
            open({ push: (event) => send(encode(event)), drained, signal: over.signal, end }),
          ])
          for (const stop of started) if (stop) stops.push(stop)
          if (over.signal.aborted) for (const stop of started) stop?.()
        } catch (error) {
          logger().warn({ err: error }, 'a live stream could not start')
          finish()
        }
      },
      pull: () => taken(),
      cancel: close,
    },
    { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

/**
 * Runs `work` after a call, never twice at once and at most once per `pauseMs`; calls that come meanwhile cause one more run.
 * Failures are logged and tried again with the next call.
 */
export const coalesce = (work: () => Promise<void>, pauseMs: number, signal: AbortSignal): (() => void) => {
  let isBusy = false
  let isWanted = false
  const go = async () => {
    isBusy = true
    while (isWanted && !signal.aborted) {
      isWanted = false
      await work().catch((error) => logger().warn({ err: error }, 'a live stream could not read'))
      await sleep(pauseMs, signal)
    }
    isBusy = false
  }
  return () => {
    isWanted = true
    if (!isBusy && !signal.aborted) void go()
  }
}
