import type { ShownUnit } from '@/lib/domain/samples/figure-text'
import type { FleetMetric, HostMetric, InstanceMetric } from '@/lib/domain/samples/metrics'
import type { SampleSubject, Samples } from '@/lib/shapes/samples'
import type { Points } from './lines'

/** Metrics that are read together, since they are of one unit and one matter. */
interface Declared<Metric> {
  title: string
  metrics: readonly Metric[]
  isRare?: true
}

const instancePanels: readonly Declared<InstanceMetric>[] = [
  { title: 'Active sessions per vCPU', metrics: ['activePerCpu'] },
  { title: 'Sessions', metrics: ['active', 'idle', 'idleInTransaction', 'waiting'] },
  { title: 'Commits and rollbacks', metrics: ['commits', 'rollbacks'] },
  { title: 'Replay lag in time', metrics: ['lagSeconds'] },
  { title: 'Replay lag in bytes', metrics: ['lagBytes'] },
  { title: 'WAL', metrics: ['walBytes'] },
  { title: 'Cache hit ratio', metrics: ['cacheHits'] },
  { title: 'Oldest transaction', metrics: ['oldestTransaction'] },
  { title: 'Temporary files', metrics: ['tempBytes'] },
  { title: 'Checkpoints', metrics: ['checkpoints'], isRare: true },
  { title: 'Database size', metrics: ['sizeBytes'] },
]
const hostPanels: readonly Declared<HostMetric>[] = [
  { title: 'CPU', metrics: ['cpu'] },
  { title: 'Load per vCPU', metrics: ['loadPerCpu'] },
  { title: 'Memory', metrics: ['memoryUsed', 'memory'] },
  { title: 'Fullest disk', metrics: ['diskUsed', 'disk'] },
  { title: 'Disk fill rate', metrics: ['diskFill'] },
]
/** A line for each environment. */
const fleetPanels: readonly Declared<FleetMetric>[] = [
  { title: 'Commits', metrics: ['commits'] },
  { title: 'Active sessions', metrics: ['active'] },
  { title: 'Waiting for a lock', metrics: ['waiting'] },
  { title: 'Highest replay lag', metrics: ['lagSeconds'] },
  { title: 'Highest load per vCPU', metrics: ['loadPerCpu'] },
  { title: 'Instances sampled', metrics: ['seen'] },
]
const panelsFor: Record<SampleSubject, readonly Declared<string>[]> = {
  instance: instancePanels,
  herd: instancePanels,
  server: hostPanels,
  fleet: fleetPanels,
}

export interface PanelLine {
  label: string
  points: Points
}

export interface Panel {
  title: string
  unit: ShownUnit
  lines: PanelLine[]
}

/** Titles of instances say their herd first, which is the same for all that stand side by side. */
const hostOf = (title: string): string => title.split(' on ').at(-1)!

const byTheHour = (points: Points): Points => points.map(([at, low, mean, high]) => [at, low * 3600, mean * 3600, high * 3600])

/**
 * What an answer has to show, a chart each: of a herd one metric and a line per member, of the fleet per environment, else the metrics of one matter. Without a
 * point there is no chart.
 */
export const panelsOf = (of: SampleSubject, { metrics, series }: Samples): { shown: Panel[]; empty: string[] } => {
  const declared = panelsFor[of]
  const named = new Map(metrics.map((metric) => [metric.name, metric]))
  const apart =
    of === 'herd'
      ? declared.flatMap(({ title, metrics: names, isRare }) =>
          names.map((name) => ({ title: names.length === 1 ? title : named.get(name)!.label, metrics: [name], isRare })),
        )
      : declared
  const panels = apart.map(({ title, metrics: names, isRare }) => ({
    title,
    unit: isRare ? ('per hour' as const) : named.get(names[0]!)!.unit,
    lines: names.flatMap((name) =>
      series
        .filter(({ metric }) => metric === name)
        .map((one) => ({
          label: of === 'herd' ? hostOf(one.title) : of === 'fleet' ? one.title : named.get(name)!.label,
          points: isRare ? byTheHour(one.points) : one.points,
        })),
    ),
  }))
  const hasPoints = ({ lines }: Panel) => lines.some(({ points }) => points.length > 0)
  return { shown: panels.filter(hasPoints), empty: panels.filter((one) => !hasPoints(one)).map(({ title }) => title) }
}

/** When what fills is full at its rate of now, in seconds from now; null: it does not fill, or that is not known. */
export const fullIn = (of: SampleSubject, { series }: Samples): number | null => {
  if (of !== 'server') return null
  const last = (name: HostMetric) => series.find(({ metric }) => metric === name)?.points.at(-1)?.[2]
  const [used, size, rate] = [last('diskUsed'), last('disk'), last('diskFill')]
  return used === undefined || size === undefined || rate === undefined || rate <= 0 ? null : (size - used) / rate
}
