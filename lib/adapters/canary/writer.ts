import type { CommitMode } from '@/lib/domain/proof/canary-ledger'
import type { StripPiece } from '@/lib/domain/proof/canary-strip'
import { Fault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { CanaryDoor, CanaryEndpoint } from '@/lib/ports'
import { connectPg } from '../postgres/connection'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, within } from '../ssh/deadline'
import { connectDoor, type DoorSession, passwordOf } from './door'
import { LedgerFile } from './ledger-file'

/** Twenty rows a second at most: seen in a latency, not in a load. */
const everyMs = 50
const betweenTriesMs = 25
const connectMs = 2_000
const commitMs = 5_000
/** A pooler has paused its clients as long as a move takes: a client that gives up earlier would report an error that is none. */
const pooledCommitMs = 60_000
/** For the row that is on its way when it is told to stop. */
const lastCommitMs = 5_000
/** It ends by itself when nobody ends it: its worker lost the job, or waits for a person. */
const lifeMs = 15 * 60_000
/** How often open pages hear of it. */
const tellEveryMs = 250

/** The timeline is the first third of a WAL file's name. */
const commitSql = `insert into matriarch_canary.commits (run, id) values ($1, $2)
  returning ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline, pg_current_wal_insert_lsn()::text as lsn,
    current_setting('synchronous_commit') as "synchronousCommit", current_setting('synchronous_standby_names') as "standbyNames"`

const codesOfNoTable = new Set(['42P01', '3F000'])

type PgError = Error & { code?: string; severity?: string }

/** Writes rows until it is stopped, and notes each attempt before and after. A new one writes at once. */
export class CanaryWriter {
  acked = 0
  isWriting = true
  readonly #ledger: LedgerFile
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  #session: (DoorSession & { commitMs: number }) | null = null
  #password: Promise<string> | null = null

  constructor(
    private readonly ssh: Ssh,
    private readonly run: string,
    private readonly doors: readonly (CanaryEndpoint | CanaryDoor)[],
    file: string,
    tell: (piece: StripPiece) => Promise<void>,
  ) {
    this.#ledger = new LedgerFile(file)
    const telling = setInterval(() => void tell(this.#ledger.piece()), tellEveryMs)
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
    const giveUp = setTimeout(() => this.#session?.destroy(), lastCommitMs)
    await this.#ended.catch(() => {})
    clearTimeout(giveUp)
    this.#ledger.close({ isWhole: wasWriting })
  }

  async #write(): Promise<void> {
    const { signal } = this.#stopping
    let nextAt = 0
    for (let id = 1; !signal.aborted && this.#ledger.now() < lifeMs; ) {
      this.#session ??= await this.#connect()
      if (this.#session === null) {
        await sleep(betweenTriesMs, signal)
        continue
      }
      await sleep(nextAt - this.#ledger.now(), signal)
      if (signal.aborted) return
      nextAt = this.#ledger.now() + everyMs
      if (!(await this.#commit(id, this.#session))) return
      id += 1
    }
  }

  /** False: there is nothing left to write to. */
  async #commit(id: number, session: DoorSession & { commitMs: number }): Promise<boolean> {
    this.#ledger.note({ kind: 'sent', id, atMs: this.#ledger.now() })
    try {
      const late = () => new Fault('sql.timeout', { because: 'The commit was not answered.' })
      const { rows } = await within(session.client.query(commitSql, [this.run, id]), deadlineIn(session.commitMs), late)
      const { timeline, lsn, synchronousCommit, standbyNames } = rows[0] as CommitMode & { timeline: number; lsn: string }
      this.#ledger.note({ kind: 'ack', id, atMs: this.#ledger.now(), timeline, lsn })
      this.#ledger.noteMode({ synchronousCommit, standbyNames })
      this.acked += 1
      return true
    } catch (error) {
      const { code = 'lost', severity } = error as PgError
      // An ERROR ended the transaction for certain; FATAL and a broken connection may come after the commit.
      const isRefused = severity === 'ERROR'
      this.#ledger.note({
        kind: isRefused ? 'refused' : 'unknown',
        id,
        atMs: this.#ledger.now(),
        code: String(code).replaceAll(/\s/g, '-'),
      })
      this.#session?.destroy()
      this.#session = null
      return !codesOfNoTable.has(String(code))
    }
  }

  /** All endpoints at once, and the first that takes writes: a host that hangs holds nobody up. */
  async #connect(): Promise<(DoorSession & { commitMs: number }) | null> {
    const tries = this.doors.map(async (door) => {
      const isPooled = 'user' in door
      const deadline = deadlineIn(isPooled ? pooledCommitMs : connectMs, this.#stopping.signal)
      const opened = isPooled ? await this.#enter(door, deadline) : await this.#reach(door, deadline)
      const session = { ...opened, commitMs: isPooled ? pooledCommitMs : commitMs }
      try {
        const late = () => new Fault('sql.timeout', { because: `${door.title} does not answer.` })
        const { rows } = await within(session.client.query('select pg_is_in_recovery() as standby'), deadline, late)
        if (rows[0].standby) throw new Fault('sql.unreachable', { because: `${door.title} takes no writes.` })
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

  #reach(endpoint: CanaryEndpoint, deadline: Deadline): Promise<DoorSession> {
    return connectPg(this.ssh, endpoint, { database: endpoint.database, isReadOnly: false, statementTimeoutMs: commitMs }, deadline)
  }

  /** Its password is read once: it stays in memory as long as it writes. */
  async #enter(door: CanaryDoor, deadline: Deadline): Promise<DoorSession> {
    this.#password ??= passwordOf(this.ssh, door, deadline).catch((error: unknown) => {
      this.#password = null
      throw error
    })
    return connectDoor(this.ssh, door, { user: door.user, password: await this.#password }, deadline)
  }
}
