import { readSamples, type SampleQuestion } from '@/db/samples/read'
import { env } from '@/lib/env'
import { csvLine } from '@/lib/fields/csv'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import type { SampleSubject, Samples } from '@/lib/shapes/samples'
import { samplePoints, samplePointsMax } from './calls/samples'
import type { Given } from './serve'
import { streamText } from './stream'

const hourMs = 3_600_000
const names = ['from', 'to', 'points', 'metrics', 'format']
/** With a zone, so that it is one moment wherever it is read. */
const isoMoment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$/

type Window = Pick<SampleQuestion, 'from' | 'to' | 'points' | 'metrics'> & { format: string }

/** Throws `input.invalid`, naming each parameter that is not understood. */
export const sampleWindow = (query: URLSearchParams, now: Date): Window => {
  const fields: FieldProblem[] = []
  const wrong = (path: string, message: string) => void fields.push({ path, message })
  for (const path of new Set(query.keys())) if (!names.includes(path)) wrong(path, `is not understood; there are ${names.join(', ')}`)
  const moment = (path: string): Date | null => {
    const text = query.get(path)
    if (text === null) return null
    const at = new Date(isoMoment.test(text) ? text : Number.NaN)
    if (!Number.isNaN(at.getTime())) return at
    wrong(path, 'is an ISO time with a zone, such as 2026-03-01T12:00:00Z')
    return null
  }
  const to = moment('to') ?? now
  const from = moment('from') ?? new Date(to.getTime() - hourMs)
  if (from >= to) wrong('from', 'is before `to`')
  const points = Number(query.get('points') ?? samplePoints)
  if (!Number.isInteger(points) || points < 1 || points > samplePointsMax) wrong('points', `is a whole number from 1 to ${samplePointsMax}`)
  const format = query.get('format') ?? 'json'
  if (!['json', 'csv'].includes(format)) wrong('format', 'is json or csv')
  const metrics = query
    .get('metrics')
    ?.split(',')
    .map((one) => one.trim())
  if (fields.length > 0) throw new Fault('input.invalid', { fields })
  return { from, to, points, metrics, format }
}

async function* asCsv({ series }: Samples): AsyncGenerator<string> {
  yield `${csvLine(['time', 'title', 'metric', 'low', 'mean', 'high'])}\r\n`
  for (const { title, metric, points } of series)
    for (const [at, ...figures] of points)
      yield `${csvLine([new Date(at * 1000).toISOString(), title, metric, ...figures.map(String)])}\r\n`
}

export const answerSamples =
  (of: SampleSubject) =>
  async ({ actor, params, query }: Given<unknown>): Promise<Samples | Response> => {
    const { format, ...window } = sampleWindow(query, new Date())
    const samples = await readSamples(actor, { of, id: params.id ?? null, ...window, minuteDays: env().SAMPLE_DAYS })
    return format === 'csv' ? streamText(asCsv(samples), 'text/csv; charset=utf-8; header=present') : samples
  }
