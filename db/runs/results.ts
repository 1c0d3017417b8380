import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { resultsPermission } from '@/lib/kernel/operation/run-permission'
import { operationByName } from '@/lib/operations'
import { type JobResult, type RunResults, resultBytesMax } from '@/lib/shapes/results'
import { databaseFault, getPool } from '../pg/client'
import { writeOften } from '../trail/folds'
import { visibleRun } from './runs'

interface Row {
  job_id: string
  seq: number
  title: string
  target_id: string
  environment_id: string | null
  output: { columns: string[]; types?: (string | null)[]; kept: number; rowCount: number; isCut: boolean; command: string }
  bytes: number | null
}

/** `columns`: of all of them, in the order they first appear. */
type Found = Omit<RunResults, 'jobs'> & { columns: string[]; jobs: AsyncGenerator<JobResult> }

/**
 * What a run's statement answered with, target by target, so that one result at a time is in memory. `jobId`: of that job alone. Throws `record.missing`,
 * and `access.denied` where the caller may read the rows of none of its targets.
 */
export const readResults = async (
  actor: Actor,
  runId: string,
  { jobId, keptDays }: { jobId?: string; keptDays: number },
): Promise<Found> => {
  const { run } = await visibleRun(actor, runId)
  const operation = operationByName(run.operation)
  const permission = operation && resultsPermission(operation)
  const { rows } = await getPool()
    .query<Row>(
      `select j.id as job_id, l.seq, j.title, j.target_id, j.environment_id, l.data->'output' as output, g.bytes
       from jobs j join journal l on l.job_id = j.id and l.kind = 'finished' and l.data->'output' ? 'kept'
       left join result_grids g on g.job_id = l.job_id and g.seq = l.seq
       where j.run_id = $1 and ($2::text is null or j.id::text = $2) order by j.wave, j.title, j.id, l.seq`,
      [runId, jobId ?? null],
    )
    .catch((error: unknown) => {
      throw databaseFault(error)
    })
  const mine = permission ? rows.filter((row) => mayIn(actor, permission, row.environment_id)) : []
  if (mine.length === 0 && rows.length > 0)
    throw new Fault('access.denied', {
      because: `The rows that it answered with are for the role ${permission?.role ?? 'admin'} and above.`,
    })
  if (mine.length > 0) {
    const detail = {
      jobs: [...new Set(mine.map(({ title }) => title))].slice(0, 50),
      rows: mine.reduce((sum, { output }) => sum + output.kept, 0),
    }
    await writeOften(
      actor,
      { act: 'run.read-results', resource: 'run', objectId: runId, title: run.title, detail },
      `${runId} ${jobId ?? ''}`,
    )
  }
  const columns = [...new Set(mine.flatMap(({ output }) => output.columns))]
  return { runId, keptDays, hidden: rows.length - mine.length, columns, jobs: resultsOf(mine) }
}

async function* resultsOf(rows: readonly Row[]): AsyncGenerator<JobResult> {
  let bytes = 0
  for (const row of rows) {
    const { output } = row
    bytes += row.bytes ?? 0
    // The first is always told, however large.
    const hasRoom = bytes <= resultBytesMax || bytes === row.bytes
    const grid = row.bytes !== null && hasRoom ? await rowsOf(row) : null
    yield {
      jobId: row.job_id,
      instance: row.title,
      targetId: row.target_id,
      columns: output.columns.map((name, index) => ({ name, type: output.types?.[index] ?? null })),
      rows: grid,
      without: grid !== null ? null : hasRoom ? 'removed' : 'no-room',
      kept: output.kept,
      rowCount: output.rowCount,
      isCut: output.isCut,
      command: output.command,
    }
  }
}

/** null: they were removed a moment ago. */
const rowsOf = async ({ job_id, seq }: Row): Promise<(string | null)[][] | null> => {
  try {
    const { rows } = await getPool().query<{ rows: (string | null)[][] }>('select rows from result_grids where job_id = $1 and seq = $2', [
      job_id,
      seq,
    ])
    return rows[0]?.rows ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}
