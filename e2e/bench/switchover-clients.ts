import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { judge, type Outcome } from '@/lib/playground/load/ledger'
import { connectToPrimary, type Endpoint } from '@/lib/playground/load/load'
import { openWindow, type Seen } from './switchover-window'

/** A program of its own in the lab's network; orders and answers are lines of JSON. It ends when its standard input does. */
export interface ClientsOrder {
  /** Where every client connects. */
  door: Endpoint
  /** The servers themselves: where the rows are counted at the end, and where a standby is looked for. */
  members: Endpoint[]
  database: string
  user: string
  password: string
  writers: number
  /** Of each writer between two rows, milliseconds. */
  pauseMs: number
}
/** `old`: the primary that is about to become a standby; null: nothing is to move. `end` waits until it streams. */
export type Order = { verb: 'begin'; old: Endpoint | null } | { verb: 'end' } | { verb: 'judge' }
/** `streamsAfterMs`: from the old primary's last commit until it streams as a standby. */
export type WindowAnswer = Seen & { streamsAfterMs: number | null }
export interface Losses {
  acked: number
  lost: number
  duplicate: number
  /** The client was told that it failed, yet the row is there. */
  phantom: number
  /** The connection broke in between, so that the client cannot know. */
  unknown: number
}

const retryMs = 50
const lookEveryMs = 20
const streamsTimeoutMs = 180_000
const tableSql =
  'create table if not exists bench_ledger (run uuid not null, id text not null, at timestamptz not null default clock_timestamp())'
const insertSql = 'insert into bench_ledger (run, id) values ($1, $2) returning host(inet_server_addr()) as server'
const streamsSql = `select pg_is_in_recovery() and exists (select from pg_stat_wal_receiver where status = 'streaming') as streams`

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const codeOf = (fault: unknown): string => (fault as { code?: string }).code ?? (fault as Error).message

const work = async (order: ClientsOrder, lines: AsyncIterator<string>, say: (answer: unknown) => void): Promise<void> => {
  const { database, user, password, writers, pauseMs } = order
  const run = randomUUID()
  const outcomes = new Map<string, Outcome>()
  let lastAckedAt = performance.now()
  let window = openWindow(lastAckedAt)
  let isOver = false

  const connect = async ({ host, port }: Endpoint): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, database, user, password, connectionTimeoutMillis: 5_000, query_timeout: 60_000 })
    client.on('error', () => {}) // The next query says so.
    await client.connect()
    return client
  }

  /** Each waits for its own commit before the next one, and after an error takes a new connection. */
  const write = async (writer: number): Promise<void> => {
    let client: pg.Client | undefined
    let firstTriedAt: number | null = null
    for (let turn = 0; !isOver; turn++) {
      const id = `${writer}-${turn}`
      firstTriedAt ??= performance.now()
      try {
        client ??= await connect(order.door)
        outcomes.set(id, 'unknown')
        const { rows } = await client.query<{ server: string }>(insertSql, [run, id])
        outcomes.set(id, 'acked')
        lastAckedAt = performance.now()
        window.acked(rows[0]!.server, firstTriedAt, lastAckedAt)
        firstTriedAt = null
        await pause(pauseMs)
      } catch (fault) {
        // An ERROR ended the transaction for certain. FATAL and a broken connection may come after the commit.
        if (fault instanceof pg.DatabaseError && fault.severity === 'ERROR') outcomes.set(id, 'failed')
        window.failed(codeOf(fault))
        client?.end().catch(() => {})
        client = undefined
        await pause(retryMs)
      }
    }
    await client?.end().catch(() => {})
  }

  /** When the old primary streams; asked only once the new one has answered a client. */
  const streamsAt = async (old: Endpoint): Promise<number | null> => {
    const limit = performance.now() + streamsTimeoutMs
    let client: pg.Client | undefined
    while (performance.now() < limit) {
      try {
        if (window.hasMoved()) {
          client ??= await connect(old)
          const { rows } = await client.query<{ streams: boolean }>(streamsSql)
          if (rows[0]!.streams) {
            const at = performance.now()
            await client.end()
            return at
          }
        }
      } catch {
        client?.end().catch(() => {})
        client = undefined
      }
      await pause(lookEveryMs)
    }
    return null
  }

  const end = async (watched: Promise<number | null>): Promise<WindowAnswer> => {
    const at = await watched
    const seen = window.close(performance.now())
    return { ...seen, streamsAfterMs: at === null || seen.moved === null ? null : at - seen.moved.lastAt }
  }

  const founder = await connect(order.door)
  await founder.query(tableSql)
  await founder.end()
  const writing = Array.from({ length: writers }, (_, writer) => write(writer))
  while (outcomes.size < writers * 10) await pause(lookEveryMs)
  say({ ready: true })

  const losses = async (): Promise<Losses> => {
    isOver = true
    await Promise.all(writing)
    const client = await connectToPrimary({ endpoints: order.members, database, user, password })
    if (!client) throw new Error('There is no writable primary to ask.')
    const { rows } = await client
      .query<{ id: string; times: number }>('select id, count(*)::int as times from bench_ledger where run = $1 group by id', [run])
      .finally(() => client.end())
    const verdict = judge({ run, outcomes }, new Map(rows.map(({ id, times }) => [id, times])))
    const { acked, lost, duplicate, phantom, unknown } = verdict
    return {
      acked,
      lost: lost.length,
      duplicate: duplicate.length,
      phantom: phantom.length,
      unknown: unknown.present + unknown.absent,
    }
  }

  let watched: Promise<number | null> = Promise.resolve(null)
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const one = JSON.parse(line.value) as Order
    if (one.verb === 'begin') {
      window = openWindow(lastAckedAt)
      watched = one.old === null ? Promise.resolve(null) : streamsAt(one.old)
      say({})
    } else say(one.verb === 'end' ? await end(watched) : await losses())
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const first = await lines.next()
await work(JSON.parse(first.value as string) as ClientsOrder, lines, (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`))
process.exit(0)
