import type { Metrics } from '@/db/fleet/metrics'
import type { LatestSample } from '@/db/samples/read'
import { hostMetrics, instanceMetrics, type SampleMetric } from '@/lib/domain/samples/metrics'
import { bucketSeconds, type RequestCount } from './requests'

type Labels = Record<string, string | number>
type Sample = [labels: Labels, value: number, suffix?: string]

const escaped = (value: string | number) => String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')

const family = (name: string, type: 'gauge' | 'counter' | 'histogram', help: string, samples: readonly Sample[]): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
  ...samples.map(([labels, value, suffix = '']) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
    return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
  }),
]

const known = (rows: readonly { environment: string; value: number | null }[]): Sample[] =>
  rows.flatMap(({ environment, value }): Sample[] => (value === null ? [] : [[{ environment }, value]]))

const histogram = ({ method, path, status, buckets, seconds }: RequestCount): Sample[] => {
  const labels = { method, path, status }
  let sum = 0
  const counted = bucketSeconds.map((end, index): Sample => {
    sum += buckets[index]!
    return [{ ...labels, le: end }, sum, '_bucket']
  })
  const total = sum + buckets.at(-1)!
  return [...counted, [{ ...labels, le: '+Inf' }, total, '_bucket'], [labels, seconds, '_sum'], [labels, total, '_count']]
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The newest sample of each instance and host, a family a metric. */
const sampled = (of: LatestSample['of'], metrics: readonly SampleMetric[], samples: readonly LatestSample[]): string[] =>
  metrics.flatMap(({ name, label, unit }) =>
    family(
      `matriarch_${of}_${snake(name)}`,
      'gauge',
      `${label} (${unit}), last sample.`,
      samples.flatMap(({ of: kind, environment, title, figures }): Sample[] => {
        const value = (figures as Partial<Record<string, number>>)[name]
        return kind === of && value !== undefined ? [[{ environment, [of]: title }, value]] : []
      }),
    ),
  )

/** Prometheus' text format. What is not known has no sample: a missing lag is not a lag of zero. */
export const prometheusText = (metrics: Metrics, samples: readonly LatestSample[], requests: readonly RequestCount[]): string =>
  [
    ...family(
      'matriarch_instances',
      'gauge',
      'Instances by environment, last observed state and role.',
      metrics.instances.map(({ environment, state, role, count }) => [{ environment, state, role }, count]),
    ),
    ...family(
      'matriarch_lag_bytes_max',
      'gauge',
      'Worst replication lag of a standby in bytes.',
      known(metrics.lag.map(({ environment, bytes }) => ({ environment, value: bytes }))),
    ),
    ...family(
      'matriarch_lag_seconds_max',
      'gauge',
      'Worst replay lag of a standby in seconds.',
      known(metrics.lag.map(({ environment, seconds }) => ({ environment, value: seconds }))),
    ),
    ...family(
      'matriarch_fact_age_seconds_max',
      'gauge',
      'Age of the oldest fact of an instance.',
      known(metrics.ages.map(({ environment, seconds }) => ({ environment, value: seconds }))),
    ),
    ...family(
      'matriarch_instances_never_seen',
      'gauge',
      'Instances that were never observed.',
      metrics.ages.map(({ environment, never }) => [{ environment }, never]),
    ),
    ...family(
      'matriarch_jobs',
      'gauge',
      'Open jobs, and jobs closed within a day, by state.',
      metrics.jobs.map(({ state, count }) => [{ state }, count]),
    ),
    ...family('matriarch_workers', 'gauge', 'Workers seen in the last 30 s.', [[{}, metrics.workers]]),
    ...family('matriarch_worker_jobs', 'gauge', 'Jobs those workers drive now.', [[{}, metrics.workerJobs]]),
    ...sampled('instance', instanceMetrics, samples),
    ...sampled('server', hostMetrics, samples),
    ...family('matriarch_request_duration_seconds', 'histogram', 'API requests of this web process.', requests.flatMap(histogram)),
    ...family('process_resident_memory_bytes', 'gauge', 'Memory of this web process.', [[{}, process.memoryUsage.rss()]]),
    ...family('process_uptime_seconds', 'gauge', 'Age of this web process.', [[{}, Math.round(process.uptime())]]),
    '',
  ].join('\n')
