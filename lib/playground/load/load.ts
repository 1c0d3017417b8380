import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { LabError } from '../machine/error'
import { isClean, judge, Ledger, readLedger, type Verdict } from './ledger'

export type Endpoint = { host: string; port: number }
export type Target = {
  endpoints: Endpoint[]
  database: string
  user: string
  password: string
  /** How long a client waits for an answer, milliseconds. Default 5 s. */
  answerTimeoutMs?: number
}
export type LoadOptions = Target & {
  /** Must not exist yet. */
  ledgerFile: string
  /** Decides the sizes and the pauses: the same seed writes the same load. */
  seed: number
  writers: number
  /** The longest pause of a writer between two rows, milliseconds. */
  pauseMs: number
  signal: AbortSignal
}
export type LoadSummary = {
  run: string
  acked: number
  failed: number
  unknown: number
  reconnects: number
  /** The longest that any writer waited from wanting to write until a commit was acknowledged, milliseconds; one that still waits at the end counts. */
  longestWaitMs: number
}

const tableSql = `create table if not exists lab_ledger (
  run uuid not null, id uuid not null, writer int not null, payload text not null, at timestamptz not null default clock_timestamp())`

/** Deterministic numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

async function connectTo(target: Target, { host, port }: Endpoint): Promise<pg.Client> {
  const { database, user, password, answerTimeoutMs = 5_000 } = target
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    connectionTimeoutMillis: 2_000,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
  })
  client.on('error', () => {}) // The next query says so.
  await client.connect()
  return client
}

/** A connection to the first endpoint that takes writes, or undefined when none does at the moment. */
export async function connectToPrimary(target: Target): Promise<pg.Client | undefined> {
  for (const endpoint of target.endpoints) {
    const client = await connectTo(target, endpoint).catch(() => undefined)
    const answer = await client?.query('select pg_is_in_recovery() as standby').catch(() => undefined)
    if (client && answer?.rows[0]?.standby === false) return client
    await client?.end().catch(() => {})
  }
  return undefined
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => wake(), ms)
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    signal.addEventListener('abort', wake)
  })
}

/** An ERROR ended the transaction for certain. FATAL and a broken connection may come after the commit. */
function isRefusal(fault: unknown): boolean {
  return fault instanceof pg.DatabaseError && fault.severity === 'ERROR'
}

/** Each writer begins with another endpoint, so that several poolers share them. */
export function turned<T>(all: readonly T[], by: number): T[] {
  const from = by % all.length
  return [...all.slice(from), ...all.slice(0, from)]
}

async function write(options: LoadOptions, ledger: Ledger, writer: number, summary: LoadSummary): Promise<void> {
  const random = seeded(options.seed + writer)
  const own = { ...options, endpoints: turned(options.endpoints, writer) }
  let client: pg.Client | undefined
  let wantedAt = performance.now()
  const waited = () => {
    summary.longestWaitMs = Math.max(summary.longestWaitMs, performance.now() - wantedAt)
  }
  while (!options.signal.aborted) {
    client ??= await connectToPrimary(own)
    if (!client) {
      await pause(100, options.signal)
      continue
    }
    const id = randomUUID()
    const payload = 'x'.repeat(Math.floor(random() * 400))
    ledger.intend(id)
    try {
      await client.query('insert into lab_ledger (run, id, writer, payload) values ($1, $2, $3, $4)', [ledger.run, id, writer, payload])
      ledger.close(id, 'acked')
      summary.acked++
      waited()
      await pause(random() * options.pauseMs, options.signal)
      wantedAt = performance.now()
    } catch (fault) {
      const outcome = isRefusal(fault) ? 'failed' : 'unknown'
      ledger.close(id, outcome)
      summary[outcome]++
      summary.reconnects++
      const broken = client
      client = undefined
      // Not awaited: a connection into a cut network never ends politely.
      broken.end().catch(() => {})
      await pause(random() * options.pauseMs, options.signal)
    }
  }
  waited()
  await client?.end().catch(() => {})
}

/** Writes until the signal. Fails at once when no endpoint takes writes at the start; later it waits for one. */
export async function writeLoad(options: LoadOptions): Promise<LoadSummary> {
  const client = await connectToPrimary(options)
  if (!client) throw new LabError(`None of ${options.endpoints.map(({ host, port }) => `${host}:${port}`).join(', ')} takes writes.`)
  await client.query(tableSql)
  await client.end()
  const ledger = new Ledger(options.ledgerFile, randomUUID())
  const summary: LoadSummary = { run: ledger.run, acked: 0, failed: 0, unknown: 0, reconnects: 0, longestWaitMs: 0 }
  await Promise.all(Array.from({ length: options.writers }, (_, writer) => write(options, ledger, writer, summary)))
  return summary
}

/** Asks the present primary for every row of the ledger's run. */
export async function verifyLedger(target: Target, ledgerFile: string): Promise<Verdict & { isClean: boolean }> {
  const ledger = readLedger(ledgerFile)
  const client = await connectToPrimary(target)
  if (!client) throw new LabError('There is no writable primary to ask.')
  const { rows } = await client
    .query<{ id: string; times: number }>('select id, count(*)::int as times from lab_ledger where run = $1 group by id', [ledger.run])
    .finally(() => client.end())
  const verdict = judge(ledger, new Map(rows.map(({ id, times }) => [id, times])))
  return { ...verdict, isClean: isClean(verdict) }
}
