import { fleetMetrics, hostMetrics, instanceMetrics, type SampleMetric } from '@/lib/domain/samples/metrics'
import { samplesSchema } from '@/lib/shapes/samples'
import { defineCall } from '../call'

export const samplePointsMax = 5000
export const samplePoints = 300

const samplesOf = (path: string, summary: string, metrics: readonly SampleMetric[]) =>
  defineCall({
    method: 'GET',
    path,
    tag: 'samples',
    caller: 'actor',
    summary,
    description:
      'Thinned in the database to at most `points` of each series: lowest, mean and highest figure of each `stepSeconds`. What is not known has no point: it is not zero. Single samples are kept for an hour or two, minutes for SAMPLE_DAYS, ten minutes for SAMPLE_COARSE_DAYS. With `format=csv` each point is a line: time, title, metric, low, mean, high.',
    alsoContentType: 'text/csv',
    query: {
      from: { description: 'ISO time; default: an hour before `to`.', schema: { type: 'string', format: 'date-time' } },
      to: { description: 'ISO time, after `from`; default: now.', schema: { type: 'string', format: 'date-time' } },
      points: {
        description: `At most as many of each series; default ${samplePoints}.`,
        schema: { type: 'integer', minimum: 1, maximum: samplePointsMax },
      },
      metrics: `Names with commas between; default: all of ${metrics.map(({ name }) => name).join(', ')}.`,
      format: 'json (default) or csv.',
    },
    output: samplesSchema,
    faults: ['input.invalid', 'access.denied', 'record.missing'],
  })

export const sampleCalls = {
  instanceSamples: samplesOf('/api/v1/instances/{id}/samples', 'Read what an instance looked like over time', instanceMetrics),
  herdSamples: samplesOf('/api/v1/herds/{id}/samples', 'Read what the members of a herd looked like over time', instanceMetrics),
  serverSamples: samplesOf('/api/v1/servers/{id}/samples', 'Read what a host looked like over time', hostMetrics),
  fleetSamples: samplesOf('/api/v1/fleet/samples', 'Read what the environments looked like over time, a series each', fleetMetrics),
}
