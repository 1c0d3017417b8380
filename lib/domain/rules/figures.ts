import type { HostMetric, InstanceMetric, SampleUnit } from '../samples/metrics'

export type RecordedMetric = InstanceMetric | HostMetric

/** Figures that nobody records because they follow from recorded ones. */
export const derivedMetrics = [
  { name: 'load', label: 'Load', unit: 'ratio' },
  { name: 'busy', label: 'Sessions active or idle in transaction', unit: 'sessions' },
] as const satisfies readonly { name: string; label: string; unit: SampleUnit }[]

export type DerivedMetric = (typeof derivedMetrics)[number]['name']

/** What has to have been recorded for a figure. */
export const sourcesOf = (metric: RecordedMetric | DerivedMetric): RecordedMetric[] => {
  if (metric === 'load') return ['loadPerCpu']
  return metric === 'busy' ? ['active', 'idleInTransaction'] : [metric]
}
