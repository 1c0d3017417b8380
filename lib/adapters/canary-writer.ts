import { closeSync, openSync, writeSync } from 'node:fs'
import { type LedgerEvent, ledgerEnd, ledgerHead, ledgerLine } from '@/lib/domain/canary-ledger'
import { type StripPiece, type StripSample, sampleOf } from '@/lib/domain/canary-strip'
import { Fault } from '@/lib/kernel/errors'
import type { CanaryEndpoint } from '@/lib/ports'
import { deadlineIn, within } from './deadline'
import { connectPg, type PgConnection } from './postgres-connection'
import type { Ssh } from './ssh'

/** Twenty rows a second at most: seen in a latency, not in a load. */
const everyMs = 50
const betweenTriesMs = 25
const connectMs = 2_000
const commitMs = 5_000
/** It ends by itself when nobody ends it: its worker lost the job, or waits for a person. */
const lifeMs = 15 * 60_000
/** How often whoever watches hears of it. */
const tellEveryMs = 250

/** The timeline is the first third of a WAL file's name. */
const commitSql = `insert into matriarch_canary.commits (run, id) values ($1, $2)
  returning ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline, pg_current_wal_insert_lsn()::text as lsn`

const codesOfNoTable = new Set(['42P01', '3F000'])

type PgError = Error & { code?: string; severity?: string }

/** Writes rows until it is stopped, and notes each attempt before and after. A new one writes at once. */
export class CanaryWriter {
  acked = 0
  isWriting = true
  readonly #startedAt = performance.now()
  readonly #startedAtIso = new Date().toISOString()
  readonly #file: number
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  #session: PgConnection | null = null
  #sentMs = 0
  #samples: StripSample[] = []

  constructor(
    private readonly ssh: Ssh,
    private readonly run: string,
    private readonly endpoints: readonly CanaryEndpoint[],
    file: string,
    tell: (piece: StripPiece) => Promise<void>,
  ) {
    this.#file = openSync(file, 'ax', 0o600)
    writeSync(this.#file, ledgerHead(this.#startedAtIso))
    const telling = setInterval(() => void tell(this.#piece()), tellEveryMs)
    this.#ended = this.#write().finally(() => {
      clearInterval(telling)
      this.isWriting = false
      this.#session?.destroy()
    })
    this.#ended.catch(() => {})
  }

  /** Lets the row that is on its way come to its end, and closes the ledger; one that ended by itself before stays cut off. */
  async stop(): Promise<void> {
    const wasWriting = this.isWriting
    this.#stopping.abort()
    await this.#ended.catch(() => {})
    if (wasWriting) writeSync(this.#file, ledgerEnd(this.#now(), new Date().toISOString()))
    closeSync(this.#file)
  }

  #now(): number {
    return performance.now() - this.#startedAt
  }

  #note(event: LedgerEvent): void {
    writeSync(this.#file, ledgerLine(event))
    if (event.kind === 'sent') this.#sentMs = event.atMs
    else this.#samples.push(sampleOf(this.#sentMs, event.atMs, event.kind === 'ack' ? event.timeline : event.code))
  }

  /** What was answered since it was asked last. */
  #piece(): StripPiece {
    const samples = this.#samples
    this.#samples = []
    return { startedAt: this.#startedAtIso, atMs: Math.round(this.#now()), samples }
  }

  async #write(): Promise<void> {
    const { signal } = this.#stopping
    let nextAt = 0
    for (let id = 1; !signal.aborted && this.#now() < lifeMs; ) {
      this.#session ??= await this.#connect()
      if (this.#session === null) {
        await sleep(betweenTriesMs, signal)
        continue
      }
      await sleep(nextAt - this.#now(), signal)
      if (signal.aborted) return
      nextAt = this.#now() + everyMs
      if (!(await this.#commit(id, this.#session))) return
      id += 1
    }
  }

  /** False: there is nothing left to write to. */
  async #commit(id: number, session: PgConnection): Promise<boolean> {
    this.#note({ kind: 'sent', id, atMs: this.#now() })
    try {
      const late = () => new Fault('sql.timeout', { because: 'The commit was not answered.' })
      const { rows } = await within(session.client.query(commitSql, [this.run, id]), deadlineIn(commitMs), late)
      this.#note({ kind: 'ack', id, atMs: this.#now(), timeline: rows[0].timeline, lsn: rows[0].lsn })
      this.acked += 1
      return true
    } catch (error) {
      const { code = 'lost', severity } = error as PgError
      // An ERROR ended the transaction for certain; FATAL and a broken connection may come after the commit.
      const isRefused = severity === 'ERROR'
      this.#note({ kind: isRefused ? 'refused' : 'unknown', id, atMs: this.#now(), code: String(code).replaceAll(/\s/g, '-') })
      this.#session?.destroy()
      this.#session = null
      return !codesOfNoTable.has(String(code))
    }
  }

  /** All endpoints at once, and the first that takes writes: a host that hangs holds nobody up. */
  async #connect(): Promise<PgConnection | null> {
    const tries = this.endpoints.map(async (endpoint) => {
      const deadline = deadlineIn(connectMs, this.#stopping.signal)
      const options = { database: endpoint.database, isReadOnly: false, statementTimeoutMs: commitMs }
      const session = await connectPg(this.ssh, endpoint, options, deadline)
      try {
        const late = () => new Fault('sql.timeout', { because: `${endpoint.title} does not answer.` })
        const { rows } = await within(session.client.query('select pg_is_in_recovery() as standby'), deadline, late)
        if (rows[0].standby) throw new Fault('sql.unreachable', { because: `${endpoint.title} takes no writes.` })
        return session
      } catch (error) {
        session.destroy()
        throw error
      }
    })
    try {
      const first = await Promise.any(tries)
      for (const other of tries) void other.then((session) => session !== first && session.destroy()).catch(() => {})
      return first
    } catch {
      return null
    }
  }
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.max(0, ms))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
