import { Fault } from '@/lib/kernel/ground/errors'
import { type JobState, type JournalEntry, type JournalLine, movesTo } from '@/lib/kernel/ground/journal'
import { canonicalJson, type Json } from '@/lib/kernel/ground/json'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import { insertGrids, type NewGrid, withoutRows } from './result-grids'
import { settleRuns } from './run-state'

export interface Append {
  runId: string
  jobId: string
  /** The lease that must be held in this very transaction; null: nobody may hold the job's lease (a decision, a job that never starts). */
  token: string | null
  firstSeq: number
  entries: readonly JournalEntry[]
}

const stepless = new Set<JournalEntry['kind']>([
  ...(['opened', 'resumed', 'gathered', 'cancel-requested', 'attention', 'decided'] as const),
  ...(['segment', 'segment-closed', 'closed'] as const),
])

/** PostgreSQL keeps neither NUL characters nor halves of surrogate pairs; a command may well print them. */
const storable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && /[\0\ud800-\udfff]/.test(value) ? Buffer.from(value.replaceAll('\0', ''), 'utf8').toString('utf8') : value

interface Stored {
  kind: string
  step: string | null
  data: string
}

const stored = (entry: JournalEntry): Stored => {
  const { kind, ...rest } = entry
  const { step = null, ...data } = { step: null, ...rest } as { step?: string | null } & Record<string, unknown>
  return { kind, step, data: JSON.stringify(data, storable) }
}

interface Row {
  seq: number
  at: Date
  kind: JournalEntry['kind']
  step: string | null
  data: Record<string, Json>
}

export const lineOf = (row: Row): JournalLine =>
  ({
    ...row.data,
    ...(stepless.has(row.kind) ? {} : { step: row.step }),
    kind: row.kind,
    seq: row.seq,
    at: row.at.toISOString(),
  }) as JournalLine

interface Move {
  id: string
  seq: number
  state: JobState | null
  step: string | null
  because: string | null
  clears: boolean
}

/** What a page's grid needs of a job without reading its journal. */
const moveOf = ({ jobId, firstSeq, entries }: Append): Move => {
  const move: Move = { id: jobId, seq: firstSeq + entries.length - 1, state: null, step: null, because: null, clears: false }
  for (const entry of entries) {
    move.state = movesTo(entry) ?? move.state
    if (entry.kind === 'intended' || entry.kind === 'undo-intended' || entry.kind === 'release-intended') move.step = entry.step
    if (entry.kind === 'failed' || entry.kind === 'refused' || entry.kind === 'attention' || entry.kind === 'closed')
      move.because = entry.because ?? move.because
    if (entry.kind === 'opened' || entry.kind === 'decided') move.clears = true
  }
  return move
}

interface Known {
  id: string
  last_seq: number
  token: string | null
}

const refusal = (append: Append, job: Known | undefined): Fault | null => {
  if (!job) return new Fault('record.missing', { because: 'The job is gone.', jobId: append.jobId })
  if (append.token === null ? job.token !== null : job.token !== append.token) return new Fault('lease.lost', { jobId: append.jobId })
  return job.last_seq === append.firstSeq - 1 ? null : new Fault('lease.lost', { jobId: append.jobId, lastSeq: job.last_seq })
}

/**
 * Writes lines of many jobs in one transaction. The rows of their runs are locked first and held to the end, so that within a run event ids become
 * visible in the order they are given: a reader that remembers the last one never misses a line. One answer for each append: null, or the fault.
 * Lock order everywhere: runs, jobs, leases, each sorted.
 */
export const appendWith = async (client: Queryable, given: readonly Append[]): Promise<(Fault | null)[]> => {
  const runIds = [...new Set(given.map((append) => append.runId))].sort()
  const jobIds = [...new Set(given.map((append) => append.jobId))].sort()
  const runs = await client.query<{ id: string; operation: string }>(
    'select id, operation from runs where id = any($1) order by id for update',
    [runIds],
  )
  const operations = new Map(runs.rows.map(({ id, operation }) => [id, operation]))
  const grids: NewGrid[] = []
  const appends = given.map((append) => ({
    ...append,
    entries: append.entries.map((whole, index) => {
      const { entry, rows } = withoutRows(operations.get(append.runId) ?? '', whole)
      if (rows !== null) grids.push({ jobId: append.jobId, seq: append.firstSeq + index, rows })
      return entry
    }),
  }))
  const known = await client.query<{ id: string; last_seq: number }>(
    'select id, last_seq from jobs where id = any($1) order by id for no key update',
    [jobIds],
  )
  const leases = await client.query<{ name: string; token: string }>(
    'select name, token from leases where name = any($1) order by name for share',
    [jobIds.map((id) => `job:${id}`)],
  )
  const tokens = new Map(leases.rows.map((row) => [row.name, row.token]))
  const jobs = new Map(known.rows.map((row) => [row.id, { ...row, token: tokens.get(`job:${row.id}`) ?? null }]))
  const answers: (Fault | null)[] = []
  const accepted: Append[] = []
  for (const append of appends) {
    const job = jobs.get(append.jobId)
    const fault = refusal(append, job)
    const isOurs = fault !== null && job?.token === append.token && (await isWritten(client, append, job))
    answers.push(isOurs ? null : fault)
    if (fault !== null) continue
    accepted.push(append)
    job!.last_seq = append.firstSeq + append.entries.length - 1
  }
  if (accepted.length > 0) await write(client, accepted)
  const isAccepted = ({ jobId, seq }: NewGrid) =>
    accepted.some((append) => append.jobId === jobId && seq >= append.firstSeq && seq < append.firstSeq + append.entries.length)
  await insertGrids(
    client,
    grids.filter(isAccepted).map((grid) => ({ ...grid, rows: JSON.stringify(grid.rows, storable) })),
  )
  return answers
}

const write = async (client: Queryable, appends: readonly Append[]): Promise<void> => {
  const lines = appends.flatMap(({ runId, jobId, firstSeq, entries }) =>
    entries.map((entry, index) => ({ runId, jobId, seq: firstSeq + index, ...stored(entry) })),
  )
  await client.query(
    `insert into journal (run_id, job_id, seq, at, kind, step, data)
     select run_id, job_id, seq, clock_timestamp(), kind, step, data::jsonb
       from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[])
         with ordinality as l (run_id, job_id, seq, kind, step, data, place) order by place`,
    [
      lines.map((line) => line.runId),
      lines.map((line) => line.jobId),
      lines.map((line) => line.seq),
      lines.map((line) => line.kind),
      lines.map((line) => line.step),
      lines.map((line) => line.data),
    ],
  )
  const moves = appends.map(moveOf)
  await moveJobs(client, moves)
  const touched = [...new Set(appends.map((append) => append.runId))]
  const moved = [...new Set(appends.filter((_, index) => moves[index]!.state !== null).map((append) => append.runId))]
  if (moved.length > 0) await settleRuns(client, moved)
  await client.query(`select pg_notify('journal', id) from unnest($1::text[]) as id`, [touched])
}

const moveJobs = async (client: Queryable, moves: readonly Move[]): Promise<void> => {
  await client.query(
    `update jobs j set last_seq = m.seq, state = coalesce(m.state, j.state), step = coalesce(m.step, j.step),
       because = coalesce(m.because, case when not m.clears then j.because end),
       started_at = coalesce(j.started_at, case when m.state = 'running' then clock_timestamp() end),
       finished_at = case when m.state in ('done', 'undone', 'failed', 'refused', 'cancelled') then clock_timestamp() else j.finished_at end
     from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::boolean[]) as m (id, seq, state, step, because, clears)
     where j.id = m.id`,
    [
      moves.map((move) => move.id),
      moves.map((move) => move.seq),
      moves.map((move) => move.state),
      moves.map((move) => move.step),
      moves.map((move) => move.because),
      moves.map((move) => move.clears),
    ],
  )
}

/** After a lost connection a driver cannot know whether its lines were committed: the same lines at the same place are its own. */
const isWritten = async (client: Queryable, { jobId, firstSeq, entries }: Append, job: Known): Promise<boolean> => {
  if (job.last_seq < firstSeq + entries.length - 1) return false
  const { rows } = await client.query<{ kind: string; step: string | null; data: Json }>(
    'select kind, step, data from journal where job_id = $1 and seq between $2 and $3 order by seq',
    [jobId, firstSeq, firstSeq + entries.length - 1],
  )
  return entries.every((entry, index) => {
    const row = rows[index]
    const mine = stored(entry)
    return row?.kind === mine.kind && row.step === mine.step && canonicalJson(row.data) === canonicalJson(JSON.parse(mine.data))
  })
}

/** One transaction for all of them; the answers are in their order. Throws `database.down` when it is not known whether any was written. */
export const appendLines = (appends: readonly Append[]): Promise<(Fault | null)[]> =>
  inPgTransaction((client) => appendWith(client, appends))

/** All lines of a job in order. */
export const readLines = async (jobId: string): Promise<JournalLine[]> => (await readLinesOf([jobId]))[0]!

/** All lines of each job in order, jobs as they were asked for. */
export const readLinesOf = async (jobIds: readonly string[]): Promise<JournalLine[][]> => {
  try {
    const { rows } = await getPool().query<Row & { job_id: string }>(
      'select job_id, seq, at, kind, step, data from journal where job_id = any($1) order by job_id, seq',
      [jobIds],
    )
    const lines = new Map<string, JournalLine[]>(jobIds.map((id) => [id, []]))
    for (const { job_id, ...row } of rows) lines.get(job_id)!.push(lineOf(row))
    return jobIds.map((id) => lines.get(id)!)
  } catch (error) {
    throw databaseFault(error)
  }
}
