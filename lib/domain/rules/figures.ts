import type { HostMetric, InstanceMetric, SampleUnit } from '../samples/metrics'

export type RecordedMetric = InstanceMetric | HostMetric

/** Figures that nobody records because they follow from recorded ones, or are counted when a rule decides. */
export const derivedMetrics = [
  { name: 'load', label: 'Load', unit: 'ratio' },
  { name: 'busy', label: 'Sessions active or idle in transaction', unit: 'sessions' },
  { name: 'busyClients', label: 'Busy clients that count', unit: 'sessions' },
] as const satisfies readonly { name: string; label: string; unit: SampleUnit }[]

export type DerivedMetric = (typeof derivedMetrics)[number]['name']

/** Counted on the server itself at the moment of a decision, by the patterns of the rule. */
export const isLive = (metric: RecordedMetric | DerivedMetric): metric is LiveMetric => metric === 'busyClients'
export type LiveMetric = 'busyClients'

/** What has to have been recorded for a figure. */
export const sourcesOf = (metric: RecordedMetric | DerivedMetric): RecordedMetric[] => {
  if (metric === 'load') return ['loadPerCpu']
  if (isLive(metric)) return []
  return metric === 'busy' ? ['active', 'idleInTransaction'] : [metric]
}
