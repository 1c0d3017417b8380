import { type HostMetric, hostMetrics, type InstanceMetric, instanceMetrics } from './metrics'

/** What a server counts and holds at one moment. Counters only ever rise within one `epoch`. */
export interface InstanceCounters {
  /** Changes whenever the counters may have begun anew: start of the server, statistics reset, another role or timeline. */
  epoch: string
  /** Seconds of the server's own clock. */
  at: number
  active: number
  idle: number
  idleInTransaction: number
  waiting: number
  /** Seconds; null: no transaction is open. */
  oldestTransaction: number | null
  commits: number
  rollbacks: number
  blocksRead: number
  blocksHit: number
  tempBytes: number
  checkpoints: number
  /** Of the WAL written (primary) or received (standby), in bytes from 0/0; null: a standby that has received none. */
  walBytes: number | null
}

/** What a host counts and holds. Null: it could not be seen. */
export interface HostCounters {
  /** Seconds of any clock that does not step. */
  at: number
  /** Of all processors together since the host started, in its own ticks. */
  cpuBusy: number | null
  cpuTotal: number | null
  /** Where the host tells a share of its processors, 0 to 100, in place of counters. */
  cpuPercent?: number | null
  loadPerCpu: number | null
  memoryBytes: number | null
  memoryAvailableBytes: number | null
  /** Of the file system of a data directory, its WAL or a tablespace with the least share free. */
  diskBytes: number | null
  diskFreeBytes: number | null
}

export type Figures = readonly (number | null)[]

/** Two looks that lie further apart say nothing of the time between them. */
const apartSecondsMax = 300

/** Null, which is a gap: no earlier look, another epoch, a counter that fell, or too long ago. Never negative, never the sum of a whole life. */
const rateOver = (seconds: number | null) => (from: number | null | undefined, to: number | null) =>
  seconds === null || from == null || to === null || to < from ? null : (to - from) / seconds

export const instanceFigures = (before: InstanceCounters | null, now: InstanceCounters): Figures => {
  const apart = before !== null && before.epoch === now.epoch ? now.at - before.at : 0
  // One counter that fell while the epoch stayed (a database was dropped) makes the others of its view doubtful too.
  const hasFallen =
    before !== null && (['commits', 'rollbacks', 'blocksRead', 'blocksHit', 'tempBytes'] as const).some((name) => now[name] < before[name])
  const isUsable = apart > 0 && apart <= apartSecondsMax
  const rate = rateOver(isUsable ? apart : null)
  const statistic = rateOver(isUsable && !hasFallen ? apart : null)
  const hits = statistic(before?.blocksHit, now.blocksHit)
  const reads = statistic(before?.blocksRead, now.blocksRead)
  const values: Partial<Record<InstanceMetric, number | null>> = {
    active: now.active,
    idle: now.idle,
    idleInTransaction: now.idleInTransaction,
    waiting: now.waiting,
    commits: statistic(before?.commits, now.commits),
    rollbacks: statistic(before?.rollbacks, now.rollbacks),
    walBytes: rate(before?.walBytes, now.walBytes),
    // Nobody read anything: there is no ratio, which is not a ratio of zero.
    cacheHits: hits === null || reads === null || hits + reads === 0 ? null : (100 * hits) / (hits + reads),
    tempBytes: statistic(before?.tempBytes, now.tempBytes),
    checkpoints: rate(before?.checkpoints, now.checkpoints),
    oldestTransaction: now.oldestTransaction ?? 0,
  }
  return instanceMetrics.map(({ name }) => values[name] ?? null)
}

/** `fillBytesPerSecond`: of `fillRate`. */
export const hostFigures = (before: HostCounters | null, now: HostCounters, fillBytesPerSecond: number | null): Figures => {
  const isUsable = before !== null && now.at > before.at && now.at - before.at <= apartSecondsMax
  const busy = isUsable ? rateOver(1)(before.cpuBusy, now.cpuBusy) : null
  const total = isUsable ? rateOver(1)(before.cpuTotal, now.cpuTotal) : null
  const { memoryBytes: memory, diskBytes: disk } = now
  const values: Record<HostMetric, number | null> = {
    cpu: now.cpuPercent ?? (busy === null || total === null || total === 0 ? null : Math.min(100, (100 * busy) / total)),
    loadPerCpu: now.loadPerCpu,
    memoryUsed: memory === null || now.memoryAvailableBytes === null ? null : memory - now.memoryAvailableBytes,
    memory,
    diskUsed: disk === null || now.diskFreeBytes === null ? null : disk - now.diskFreeBytes,
    disk,
    diskFill: fillBytesPerSecond,
  }
  return hostMetrics.map(({ name }) => values[name])
}

export interface DiskLook {
  at: number
  bytes: number
  usedBytes: number
}

/** Looks for the fill rate are kept for an hour, and say nothing before they span five minutes. */
export const fillSeconds = 3600
const fillSecondsMin = 300

/** Bytes a second, by least squares over the looks of the last hour at one file system; null: not known yet. A volume that was resized begins anew. */
export const fillRate = (looks: readonly DiskLook[]): number | null => {
  const last = looks.at(-1)
  const same = looks.filter(({ at, bytes }) => bytes === last?.bytes && last.at - at <= fillSeconds)
  if (last === undefined || same.length < 3 || last.at - same[0]!.at < fillSecondsMin) return null
  const middle = same.reduce((sum, { at }) => sum + at, 0) / same.length
  const mean = same.reduce((sum, { usedBytes }) => sum + usedBytes, 0) / same.length
  const spread = same.reduce((sum, { at }) => sum + (at - middle) ** 2, 0)
  return same.reduce((sum, { at, usedBytes }) => sum + (at - middle) * (usedBytes - mean), 0) / spread
}
