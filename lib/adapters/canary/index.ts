import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readLedger, stripOf } from '@/lib/domain/proof/canary-ledger'
import type { Strip, StripPiece } from '@/lib/domain/proof/canary-strip'
import { quoteIdentifier } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { CanaryAct, CanaryEndpoint, CanaryOptions, CanaryRead } from '@/lib/ports'
import { connectPg } from '../postgres/connection'
import { queryFault } from '../postgres/warm'
import type { Ssh } from '../ssh'
import { cancelledFault, deadlineIn, within } from '../ssh/deadline'
import { findDoor } from './door'
import { CanaryWriter } from './writer'

/** Commits that show that it writes. */
const firstAcks = 10
const lookEveryMs = 20
const undefinedTable = new Set(['42P01', '3F000'])

const prepareSql = `drop schema if exists matriarch_canary cascade;
create schema matriarch_canary;
create table matriarch_canary.commits (run uuid not null, id bigint not null, at timestamptz not null default clock_timestamp(), primary key (run, id))`
const grantSql = (writer: string | null): string =>
  writer === null
    ? ''
    : `;\ngrant usage on schema matriarch_canary to ${quoteIdentifier(writer)};\ngrant insert on matriarch_canary.commits to ${quoteIdentifier(writer)}`
const removeSql = 'drop schema if exists matriarch_canary cascade'
const rowsSql = 'select id::text as id from matriarch_canary.commits where run = $1 order by id'

/** Shows a job's strip to open pages; at the end the whole of it takes the place of its pieces. Never throws: a picture delays no job. */
export type ShowStrip = (jobId: string, piece: StripPiece | Strip) => Promise<void>

/** Ledgers lie in `folder`, one file a run, for this user alone. */
export const makeCanary = (
  ssh: Ssh,
  folder: string,
  show: ShowStrip = async () => {},
): { read: CanaryRead; act: CanaryAct; close: () => Promise<void> } => {
  const writers = new Map<string, { writer: CanaryWriter; jobId: string }>()
  const fileOf = (run: string) => join(folder, `${run}.ledger`)

  const ask = async <T>(
    endpoint: CanaryEndpoint,
    isReadOnly: boolean,
    sql: string,
    values: unknown[],
    options: CanaryOptions,
  ): Promise<T[]> => {
    const deadline = deadlineIn(options.timeoutMs, options.signal)
    const connection = await connectPg(
      ssh,
      endpoint,
      { database: endpoint.database, isReadOnly, statementTimeoutMs: options.timeoutMs },
      deadline,
    )
    try {
      const late = () => new Fault('sql.timeout', { because: `${endpoint.title} did not answer in time.` })
      const asked = values.length > 0 ? connection.client.query(sql, values) : connection.client.query(sql)
      return (await within(asked, deadline, late)).rows as T[]
    } catch (error) {
      throw queryFault(error)
    } finally {
      connection.destroy()
    }
  }

  const stop = async (run: string): Promise<void> => {
    const own = writers.get(run)
    if (own === undefined) return
    writers.delete(run)
    await own.writer.stop()
    const ledger = readLedger(readFileSync(fileOf(run), 'utf8'))
    if (ledger !== null) await show(own.jobId, stripOf(ledger))
  }

  const read: CanaryRead = {
    ledger: async (run) => {
      try {
        const text = readFileSync(fileOf(run), 'utf8')
        const ledger = readLedger(text)
        const sha256 = createHash('sha256').update(text).digest('hex')
        return ledger && { ledger, sha256, isWriting: writers.get(run)?.writer.isWriting === true }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    rows: async (endpoint, run, options) => {
      try {
        return (await ask<{ id: string }>(endpoint, true, rowsSql, [run], options)).map(({ id }) => Number(id))
      } catch (error) {
        if (error instanceof Fault && undefinedTable.has(String(error.facts.sqlstate))) return []
        throw error
      }
    },
    door: (pooler, options) => findDoor(ssh, pooler, options),
  }

  const act: CanaryAct = {
    prepare: async (endpoint, writer, options) => void (await ask(endpoint, false, prepareSql + grantSql(writer), [], options)),
    start: async (run, doors, options) => {
      if (options.signal?.aborted) throw cancelledFault()
      if (writers.get(run)?.writer.isWriting) throw new Fault('step.blocked', { because: 'The canary writes already.', isOver: true })
      // One that ended by itself.
      await stop(run)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      rmSync(fileOf(run), { force: true })
      const { jobId } = options
      const writer = new CanaryWriter(ssh, run, doors, fileOf(run), (piece) => show(jobId, piece))
      writers.set(run, { writer, jobId })
      const deadline = deadlineIn(options.timeoutMs, options.signal)
      while (writer.acked < firstAcks) {
        if (performance.now() >= deadline.at || options.signal?.aborted) {
          await stop(run)
          rmSync(fileOf(run), { force: true })
          if (options.signal?.aborted) throw cancelledFault()
          throw new Fault('sql.timeout', {
            because: `The canary had ${writer.acked} commits acknowledged in ${options.timeoutMs / 1000} s.`,
            isOver: true,
          })
        }
        await sleep(lookEveryMs)
      }
    },
    stop,
    remove: async (endpoint, run, options) => {
      await stop(run)
      await ask(endpoint, false, removeSql, [], options)
      rmSync(fileOf(run), { force: true })
    },
  }
  return { read, act, close: async () => void (await Promise.all([...writers.keys()].map(stop))) }
}
