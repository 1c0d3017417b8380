import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { coalesce, type LiveChannel, liveResponse } from './sse'

let database: TestDatabase
beforeAll(async () => {
  process.env.AUTH_SECRET = 'x'.repeat(32)
  database = await startDatabase()
  process.env.DATABASE_URL = database.connectionString
}, 120_000)
afterAll(() => database.stop())

interface TestStream {
  lines: { text: string }[]
  ready: null
  piece: string
}

let readers = 0
let mayRead = true
beforeEach(() => {
  mayRead = true
})

/** A reader as a browser is one: gives the events one after the other. */
const read = async (open: (channel: LiveChannel<TestStream>) => Promise<(() => void) | undefined>) => {
  const gone = new AbortController()
  const reader: Actor = { kind: 'person', personId: null, name: `reader ${readers++}`, grants: [] }
  const response = await liveResponse({
    request: new Request('http://console/api/live/x', { signal: gone.signal }),
    authorise: async () => {
      if (!mayRead) throw new Fault('auth.required')
      return reader
    },
    open,
  })
  const pieces = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    leave: () => gone.abort(),
    /** Everything up to and with the next event of that name; null: the stream ended before. */
    until: async (event: string): Promise<string | null> => {
      while (!text.includes(`event: ${event}\n`) || !text.endsWith('\n\n')) {
        const { value, done } = await pieces.read()
        if (done) return null
        text += value
      }
      const found = text
      text = ''
      return found
    },
    ended: async (): Promise<string> => {
      for (;;) {
        const { value, done } = await pieces.read()
        if (done) return text
        text += value
      }
    },
  }
}

describe('a live stream', () => {
  test('carries events with the id that a reconnect goes on after', async () => {
    const stream = await read(async ({ push }) => {
      push({ event: 'lines', id: '41', data: [{ text: 'two\nlines' }] })
      return undefined
    })
    expect(await stream.until('lines')).toContain('id: 41\nevent: lines\ndata: [{"text":"two\\nlines"}]\n\n')
    stream.leave()
  })

  test('is not opened for whom it is not for', async () => {
    mayRead = false
    await expect(read(async () => undefined)).rejects.toSatisfy((error) => isFault(error, 'auth.required'))
  })

  test('one reader has so many at once and is told; one that ends makes room, and others have theirs', async () => {
    const open = (name: string) =>
      liveResponse<TestStream>({
        request: new Request('http://console/api/live/x'),
        authorise: async () => ({ kind: 'person', personId: null, name, grants: [] }),
        open: async () => undefined,
      })
    const streams = await Promise.all(Array.from({ length: 30 }, () => open('greedy')))
    await expect(open('greedy')).rejects.toMatchObject({ code: 'limit.reached' })
    await (await open('modest')).body!.cancel()
    await streams[0]!.body!.cancel()
    await (await open('greedy')).body!.cancel()
    for (const stream of streams.slice(1)) await stream.body!.cancel()
  })

  test('ends at once when the login is revoked, and says that it does not reconnect', async () => {
    let isStopped = false
    const stream = await read(async ({ push }) => {
      push({ event: 'ready', data: null })
      return () => {
        isStopped = true
      }
    })
    await stream.until('ready')
    mayRead = false
    await getPool().query("select pg_notify('records', 'session')")
    expect(await stream.ended()).toContain('event: end\ndata: "refused"')
    expect(isStopped).toBe(true)
  })

  test('stops what it started when its reader goes away', async () => {
    let stop: (() => void) | undefined
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    const stream = await read(async ({ push }) => {
      push({ event: 'ready', data: null })
      return stop
    })
    await stream.until('ready')
    stream.leave()
    await stopped
  })

  test('waits for a slow reader instead of cutting it off', async () => {
    const piece = 'x'.repeat(400_000)
    const stream = await read(async ({ push, drained, end }) => {
      void (async () => {
        for (let n = 0; n < 30; n += 1) {
          push({ event: 'piece', data: piece })
          await drained()
        }
        end('finished')
      })()
      return undefined
    })
    const all = await stream.ended()
    expect(all.match(/^event: piece$/gm)).toHaveLength(30)
    expect(all).toContain('data: "finished"')
  })

  test('holds no database connection, however many there are', async () => {
    const streams = await Promise.all(
      Array.from({ length: 40 }, () =>
        read(async ({ push }) => {
          push({ event: 'ready', data: null })
          return undefined
        }),
      ),
    )
    await Promise.all(streams.map((stream) => stream.until('ready')))
    const { rows } = await getPool().query("select count(*)::int as n from pg_stat_activity where application_name = 'matriarch listen'")
    expect(rows[0].n).toBe(1)
    expect(getPool().totalCount - getPool().idleCount).toBe(0)
    for (const stream of streams) stream.leave()
  })
})

describe('coalesced work', () => {
  test('never runs twice at once, and once more for calls that came meanwhile', async () => {
    let running = 0
    let most = 0
    let runs = 0
    let second: (() => void) | undefined
    const twice = new Promise<void>((resolve) => {
      second = resolve
    })
    const over = new AbortController()
    const go = coalesce(
      async () => {
        running += 1
        most = Math.max(most, running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        runs += 1
        if (runs === 2) second!()
      },
      1,
      over.signal,
    )
    for (let call = 0; call < 20; call += 1) go()
    await twice
    over.abort()
    expect([most, runs]).toEqual([1, 2])
  })
})
