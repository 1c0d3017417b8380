import { readResults } from '@/db/runs/results'
import { env } from '@/lib/env'
import { csvLine } from '@/lib/fields/csv'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JobResult, RunResults } from '@/lib/shapes/results'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'
import { streamText } from '../../../../_lib/stream'

type Jobs = AsyncGenerator<JobResult>

async function* asJson(head: Omit<RunResults, 'jobs'>, jobs: Jobs): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"jobs":[`
  let lead = ''
  for await (const job of jobs) {
    yield lead + JSON.stringify(job)
    lead = ','
  }
  yield ']}'
}

/** One table: columns of the same name are one. Names are known of every result before the first row of any is written. */
async function* asCsv(columns: readonly string[], jobs: Jobs): AsyncGenerator<string> {
  yield `${csvLine(['instance', ...columns])}\r\n`
  for await (const { instance, columns: own, rows } of jobs) {
    const places = columns.map((column) => own.findIndex(({ name }) => name === column))
    for (const row of rows ?? []) yield `${csvLine([instance, ...places.map((place) => row[place] ?? '')])}\r\n`
  }
}

const understood: Readonly<Record<string, (value: string) => string | null>> = {
  format: (value) => (['json', 'csv'].includes(value) ? null : 'is json or csv'),
  job: (value) => (value.trim() === '' ? 'has no value; leave it out to ask for every job' : null),
}

/** Throws `input.invalid`. */
const mustBeUnderstood = (query: URLSearchParams): void => {
  const fields = [...query].flatMap(([path, value]) => {
    const judge = Object.hasOwn(understood, path) ? understood[path]! : () => 'is not understood; there are format and job'
    const message = judge(value)
    return message === null ? [] : [{ path, message }]
  })
  if (fields.length > 0) throw new Fault('input.invalid', { fields })
}

export const GET = serve(calls.runResults, async ({ actor, params, query }) => {
  mustBeUnderstood(query)
  const { jobs, columns, ...head } = await readResults(actor, params.id!, {
    jobId: query.get('job') ?? undefined,
    keptDays: env().RESULT_DAYS,
  })
  return query.get('format') === 'csv'
    ? streamText(asCsv(columns, jobs), 'text/csv; charset=utf-8; header=present')
    : streamText(asJson(head, jobs), 'application/json')
})
