/** What a figure counts; formats and chart axes follow from it. */
export type SampleUnit = 'sessions' | 'per second' | 'bytes per second' | 'bytes' | 'seconds' | 'percent' | 'ratio'

export interface SampleMetric {
  name: string
  label: string
  unit: SampleUnit
}

/**
 * Of an instance, in the order in which they are stored: a row holds figures by place, so a metric is only ever added at the end.
 * `lagBytes` to `activePerCpu` are filled in where the row is written, from what the observer keeps beside it.
 */
export const instanceMetrics = [
  { name: 'active', label: 'Active sessions', unit: 'sessions' },
  { name: 'idle', label: 'Idle sessions', unit: 'sessions' },
  { name: 'idleInTransaction', label: 'Idle in transaction', unit: 'sessions' },
  { name: 'waiting', label: 'Waiting for a lock', unit: 'sessions' },
  { name: 'commits', label: 'Commits', unit: 'per second' },
  { name: 'rollbacks', label: 'Rollbacks', unit: 'per second' },
  { name: 'walBytes', label: 'WAL', unit: 'bytes per second' },
  { name: 'cacheHits', label: 'Cache hit ratio', unit: 'percent' },
  { name: 'tempBytes', label: 'Temporary files', unit: 'bytes per second' },
  { name: 'checkpoints', label: 'Checkpoints', unit: 'per second' },
  { name: 'oldestTransaction', label: 'Oldest transaction', unit: 'seconds' },
  { name: 'lagBytes', label: 'Replay lag', unit: 'bytes' },
  { name: 'lagSeconds', label: 'Replay lag', unit: 'seconds' },
  { name: 'sizeBytes', label: 'Database size', unit: 'bytes' },
  { name: 'activePerCpu', label: 'Active sessions per vCPU', unit: 'ratio' },
] as const satisfies readonly SampleMetric[]

/** Of a host, stored likewise. `diskFill`: how fast its fullest file system fills; negative while it empties. */
export const hostMetrics = [
  { name: 'cpu', label: 'CPU', unit: 'percent' },
  { name: 'loadPerCpu', label: 'Load per vCPU', unit: 'ratio' },
  { name: 'memoryUsed', label: 'Memory used', unit: 'bytes' },
  { name: 'memory', label: 'Memory', unit: 'bytes' },
  { name: 'diskUsed', label: 'Disk used', unit: 'bytes' },
  { name: 'disk', label: 'Disk', unit: 'bytes' },
  { name: 'diskFill', label: 'Disk fill rate', unit: 'bytes per second' },
] as const satisfies readonly SampleMetric[]

/**
 * Of an environment, stored likewise, once a minute: of what was sampled within it. `commits`: of its primaries; lag and load: the worst. `seen`: of how many
 * instances the figures are.
 */
export const fleetMetrics = [
  { name: 'commits', label: 'Commits', unit: 'per second' },
  { name: 'active', label: 'Active sessions', unit: 'sessions' },
  { name: 'waiting', label: 'Waiting for a lock', unit: 'sessions' },
  { name: 'lagSeconds', label: 'Highest replay lag', unit: 'seconds' },
  { name: 'loadPerCpu', label: 'Highest load per vCPU', unit: 'ratio' },
  { name: 'seen', label: 'Instances sampled', unit: 'sessions' },
] as const satisfies readonly SampleMetric[]

export type InstanceMetric = (typeof instanceMetrics)[number]['name']
export type HostMetric = (typeof hostMetrics)[number]['name']
export type FleetMetric = (typeof fleetMetrics)[number]['name']

/** Where each stands in a row, from 1 as SQL counts. */
export const placeOf = (metrics: readonly SampleMetric[], name: string): number => metrics.findIndex((one) => one.name === name) + 1
