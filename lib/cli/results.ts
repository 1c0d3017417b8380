import { counted } from '@/lib/domain/values/counted'
import type { JobResult, RunResults } from '@/lib/shapes/results'
import { type Args, mustBeEmpty, take, UsageError } from './args'
import { getJson, type Where } from './client'
import { exitCodes } from './exit-codes'
import { pour } from './output'
import { clean } from './table'

export const resultFormats = ['table', 'csv', 'json'] as const
export type ResultFormat = (typeof resultFormats)[number]

/** undefined: it was not said. */
export const resultFormatOf = (args: Args): ResultFormat | undefined => {
  const wanted = take(args, 'output')
  if (wanted === undefined) return undefined
  if (!resultFormats.includes(wanted as ResultFormat)) throw new UsageError('-o takes table, csv or json.')
  return wanted as ResultFormat
}

const linesOf = (jobs: readonly JobResult[]): string[] => {
  const columns = [...new Set(jobs.flatMap((job) => job.columns.map(({ name }) => name)))]
  const rows = jobs.flatMap(({ instance, columns: own, rows }) => {
    const places = columns.map((column) => own.findIndex(({ name }) => name === column))
    return (rows ?? []).map((row) => [instance, ...places.map((place) => (place < 0 ? '' : (row[place] ?? 'NULL')))])
  })
  const cells = [['instance', ...columns], ...rows].map((row) => row.map(clean))
  const widths = cells[0]!.map((_name, index) => cells.reduce((widest, row) => Math.max(widest, row[index]!.length), 0))
  return cells.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join('  ')
      .trimEnd(),
  )
}

const notesOf = ({ jobs, hidden, keptDays }: RunResults): string[] => {
  const rows = jobs.reduce((sum, job) => sum + (job.rows?.length ?? 0), 0)
  const count = (isSo: (job: JobResult) => boolean) => jobs.filter(isSo).length
  const [cut, removed, left] = [
    count(({ isCut }) => isCut),
    count(({ without }) => without === 'removed'),
    count(({ without }) => without === 'no-room'),
  ]
  return [
    `${counted(rows, 'row')} from ${counted(jobs.length, 'target')}`,
    ...(cut > 0 ? [`Rows beyond the limit were left out on ${counted(cut, 'target')}: --rows-max, --bytes-max.`] : []),
    ...(removed > 0 ? [`The rows of ${counted(removed, 'target')} were removed: rows are kept for ${counted(keptDays, 'day')}.`] : []),
    ...(left > 0 ? [`The rows of ${counted(left, 'target')} had no room: read them one by one, --job JOB.`] : []),
    ...(hidden > 0 ? [`You may not read the rows of ${counted(hidden, 'more target')}.`] : []),
  ]
}

/** What a run's statement answered with, on standard output; what is to be said of it, on standard error. */
export const showResults = async (where: Where, runId: string, format: ResultFormat, jobId?: string): Promise<void> => {
  const query = new URLSearchParams({ format: format === 'csv' ? 'csv' : 'json', ...(jobId === undefined ? {} : { job: jobId }) })
  const path = `/api/v1/runs/${encodeURIComponent(runId)}/results?${query}`
  if (format === 'csv') {
    await pour(where, path)
    return
  }
  const results = await getJson<RunResults>(where, path)
  process.stdout.write(`${format === 'json' ? JSON.stringify(results, null, 2) : linesOf(results.jobs).join('\n')}\n`)
  if (format === 'table') for (const note of notesOf(results)) process.stderr.write(`${note}\n`)
}

/** `matriarch results RUN [-o table|csv|json]` */
export const results = async (where: Where, args: Args): Promise<number> => {
  const [format, jobId] = [resultFormatOf(args) ?? 'table', take(args, 'job')]
  const [runId, extra] = args.words
  if (!runId || extra) throw new UsageError('Give one run id.')
  mustBeEmpty(args)
  await showResults(where, runId, format, jobId)
  return exitCodes.done
}
