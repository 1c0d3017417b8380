import type { CommitMode } from '@/lib/domain/proof/canary-ledger'
import type { StripPiece } from '@/lib/domain/proof/canary-strip'
import { Fault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { DrillLoad, DrillWay } from '@/lib/ports'
import { LedgerFile } from '../canary/ledger-file'
import type { Ssh } from '../ssh'
import { deadlineIn, within } from '../ssh/deadline'
import { enter, type WriterSession } from './session'
import { accounts, insertSql, lockSql, moveSql } from './sql'

const betweenTriesMs = 25
const connectMs = 3_000
const answerMs = 60_000
/** For the rows that are on their way when they are told to stop. */
const lastCommitMs = 5_000
/** They end by themselves when nobody ends them: their worker lost the job, or waits for a person. */
const lifeMs = 15 * 60_000
/** An application thinks between two statements of a transaction. */
const thinkMs = 10
const tellEveryMs = 250

type PgError = Error & { code?: string; severity?: string; facts?: { sqlstate?: unknown } }
type Ask = (sql: string, values?: unknown[]) => Promise<{ rows: unknown[] }>
type Told = CommitMode & { timeline: number; lsn: string }

/** Several clients with one ledger: each attempt is noted before and after. New ones write at once. */
export class DrillWriters {
  acked = 0
  isWriting = true
  /** Commits acknowledged through each way, and why the last login through it failed. */
  readonly byWay = new Map<DrillWay, { acked: number; refused: string | null }>()
  readonly #ledger: LedgerFile
  readonly #stopping = new AbortController()
  readonly #ended: Promise<unknown>
  readonly #sessions = new Set<WriterSession>()
  #ids = 0

  constructor(
    private readonly ssh: Ssh,
    private readonly run: string,
    private readonly ways: readonly DrillWay[],
    private readonly load: DrillLoad,
    private readonly password: string,
    file: string,
    tell: (piece: StripPiece) => Promise<void>,
  ) {
    this.#ledger = new LedgerFile(file)
    for (const way of ways.slice(0, load.writers)) this.byWay.set(way, { acked: 0, refused: null })
    const telling = setInterval(() => void tell(this.#ledger.piece()), tellEveryMs)
    this.#ended = Promise.all(Array.from({ length: load.writers }, (_, writer) => this.#write(writer))).finally(() => {
      clearInterval(telling)
      this.isWriting = false
      for (const session of this.#sessions) session.destroy()
    })
    this.#ended.catch(() => {})
  }

  /** Lets what is on its way come to its end, and closes the ledger; writers that ended by themselves before stay cut off. */
  async stop(): Promise<void> {
    const wasWriting = this.isWriting
    const atMs = this.#ledger.now()
    this.#stopping.abort()
    const giveUp = setTimeout(() => {
      for (const session of this.#sessions) session.destroy()
    }, lastCommitMs)
    await this.#ended.catch(() => {})
    clearTimeout(giveUp)
    this.#ledger.close({ isWhole: wasWriting, atMs })
  }

  async #write(writer: number): Promise<void> {
    const { signal } = this.#stopping
    const everyMs = (1_000 * this.load.writers) / this.load.perSecond
    const way = this.ways[writer % this.ways.length]!
    let session: WriterSession | null = null
    let nextAt = (everyMs * writer) / this.load.writers
    while (!signal.aborted && this.#ledger.now() < lifeMs) {
      session ??= await this.#connect(way)
      if (session === null) {
        await sleep(betweenTriesMs, signal)
        continue
      }
      await sleep(nextAt - this.#ledger.now(), signal)
      if (signal.aborted) return
      nextAt = Math.max(nextAt + everyMs, this.#ledger.now())
      if (await this.#commit(session, way)) continue
      this.#sessions.delete(session)
      session.destroy()
      session = null
    }
  }

  /** False: the session is of no use any more. */
  async #commit({ client }: WriterSession, way: DrillWay): Promise<boolean> {
    this.#ids += 1
    const id = this.#ids
    let isCommitSent = false
    const ask = (sql: string, values: unknown[] = []) =>
      within(client.query(sql, values), deadlineIn(answerMs), () => new Fault('sql.timeout', { because: 'It was not answered.' }))
    this.#ledger.note({ kind: 'sent', id, atMs: this.#ledger.now() })
    try {
      let told: Told
      if (this.load.workload === 'rows') {
        isCommitSent = true
        told = await this.#insert(ask, id)
      } else {
        told = await this.#transfer(ask, id)
        isCommitSent = true
        const { command } = await ask('commit')
        if (command !== 'COMMIT') throw Object.assign(new Error('It was rolled back.'), { code: '25P02', severity: 'ERROR' })
      }
      const { timeline, lsn, synchronousCommit, standbyNames } = told
      this.#ledger.note({ kind: 'ack', id, atMs: this.#ledger.now(), timeline, lsn })
      this.#ledger.noteMode({ synchronousCommit, standbyNames })
      this.acked += 1
      this.byWay.get(way)!.acked += 1
      return true
    } catch (error) {
      const { code = 'lost', severity, facts } = error as PgError
      // An ERROR ended the transaction for certain, and so did whatever ended it before its commit was sent. FATAL and a broken connection may come after the commit.
      const isRefused = severity === 'ERROR' || !isCommitSent
      const said = String(facts?.sqlstate ?? code).replaceAll(/\s/g, '-')
      this.#ledger.note({ kind: isRefused ? 'refused' : 'unknown', id, atMs: this.#ledger.now(), code: said })
      return false
    }
  }

  async #transfer(ask: Ask, id: number): Promise<Told> {
    const from = 1 + Math.floor(Math.random() * accounts)
    const to = 1 + ((from + Math.floor(Math.random() * (accounts - 1))) % accounts)
    const amount = 1 + Math.floor(Math.random() * 100)
    await ask('begin')
    const told = await this.#insert(ask, id)
    await ask(lockSql, [from, to])
    await ask(moveSql, [from, -amount])
    await sleep(Math.random() * thinkMs)
    await ask(moveSql, [to, amount + 1])
    return told
  }

  /** Nothing where another run has taken its place: then these writers end. */
  async #insert(ask: Ask, id: number): Promise<Told> {
    const [told] = (await ask(insertSql, [this.run, id])).rows
    if (told !== undefined) return told as Told
    this.#stopping.abort()
    throw Object.assign(new Error('Another run writes.'), { code: 'fenced', severity: 'ERROR' })
  }

  /** All endpoints of the way at once, and the first that takes writes: a host that hangs holds nobody up. */
  async #connect(way: DrillWay): Promise<WriterSession | null> {
    const tries = way.endpoints.map((endpoint) => enter(this.ssh, endpoint, this.password, deadlineIn(connectMs, this.#stopping.signal)))
    try {
      const first = await Promise.any(tries)
      for (const other of tries) void other.then((session) => session !== first && session.destroy()).catch(() => {})
      this.#sessions.add(first)
      return first
    } catch (error) {
      this.byWay.get(way)!.refused = error instanceof AggregateError ? String((error.errors[0] as Error).message) : String(error)
      return null
    }
  }
}
