import { type DescribedTypes, knownType, knownTypes } from '../machines/described'
import { vcpusOf } from '../machines/vcpus'
import { hoursPerMonth } from '../prices/month'
import { cpusAt, type SizedMember } from './choose'

/** An hour of a host, by its highest minute; null: not recorded. Milliseconds since 1970. */
export interface RecordedHour {
  at: number
  loadPerCpu: number | null
  cpuPercent: number | null
  memoryBytes: number | null
}

export interface RecommendedMember extends Pick<SizedMember, 'id' | 'title' | 'isPrimary' | 'cpus' | 'type' | 'types' | 'described'> {
  region: string | null
  hours: readonly RecordedHour[]
}

/** What all standbys of a herd used together with what a type would leave free: each point an hour, its highest standby, in vCPUs. */
export interface Evidence {
  points: { at: number; vcpus: number }[]
  /** vCPUs that may be used of the recommended type; null: none is. */
  limit: number | null
  days: number
}

export interface Recommendation {
  kind: 'shrink' | 'smaller' | 'none'
  fromType: string | null
  type: string | null
  /** Hours of a day in UTC, the first that is small and the first that is not; null: all or none. */
  fromHour: number | null
  untilHour: number | null
  /** USD a month at on-demand prices for all its standbys; null: not known. */
  savedUsd: number | null
  because: string
  evidence: Evidence
}

/** Of the vCPUs and memory of a type no more than this is planned to be used. */
export const fullness = { vcpus: 0.6, memory: 0.8 } as const
/** On one day of ten an hour may be above what it usually is. */
const usual = 0.9
const daysMin = 7
const hoursMin = 4
const hourMs = 3_600_000
const dayMs = 24 * hourMs

interface Hour {
  vcpus: number
  memory: number | null
}

/**
 * Whether the standbys of a herd could be smaller, at certain hours or always, by what was recorded of them: by hour of the day, what they used on nine of ten
 * days. `hourlyUsd`: of a type in a region; null: not known.
 */
export const recommend = (
  members: readonly RecommendedMember[],
  hourlyUsd: (region: string, type: string) => number | null,
): Recommendation => {
  const standbys = members.filter((one) => !one.isPrimary && one.type !== null && one.region !== null)
  const types = [...new Set(standbys.map(({ type }) => type!))]
  const described: DescribedTypes = Object.assign({}, ...standbys.map((one) => one.described ?? {}))
  const largest = types.toSorted((a, b) => (vcpusOf(b, described) ?? 0) - (vcpusOf(a, described) ?? 0))[0] ?? null
  const byHour = standbys.map(usedOf)
  const days = Math.min(...byHour.map((used) => new Set([...used.keys()].map((at) => Math.floor(at / dayMs))).size))
  const evidence: Evidence = { points: highest(byHour), limit: null, days: Number.isFinite(days) ? days : 0 }
  const none = (because: string): Recommendation => ({
    ...{ kind: 'none', fromType: largest, type: null, fromHour: null, untilHour: null, savedUsd: null, because, evidence },
  })
  if (largest === null) return none('No standby of it runs on a machine of a cloud account.')
  if (vcpusOf(largest, described) === null)
    return none(
      `Neither EC2 nor the console’s own sample has described ${largest}. The account has to be allowed ec2:DescribeInstanceTypes.`,
    )
  if (days < daysMin) return none(`Its standbys were recorded on ${days} days; ${daysMin} are needed.`)
  const profile = profileOf(byHour)
  const found = smallerTypes(largest, described)
    .map((type) => ({ type, ...longest(profile, type, described) }))
    .filter(({ count }) => count >= hoursMin)
    .map((one) => ({ ...one, savedUsd: savedBy(one.type, one.count, standbys, hourlyUsd) }))
    .toSorted((a, b) => (b.savedUsd ?? 0) - (a.savedUsd ?? 0) || b.count - a.count)[0]
  if (!found || (found.savedUsd !== null && found.savedUsd <= 0))
    return none(
      `There are no ${hoursMin} hours in a row in which its standbys would use less than ${percent(fullness.vcpus)} of a smaller type of their family.`,
    )
  const { type, from, count, savedUsd } = found
  const limit = fullness.vcpus * vcpusOf(type, described)!
  const used = Math.max(...Array.from({ length: count }, (_, n) => profile[(from + n) % 24]!.vcpus))
  const when = count === 24 ? 'at every hour' : `from ${clock(from)} to ${clock((from + count) % 24)} UTC`
  return {
    ...{ kind: count === 24 ? 'smaller' : 'shrink', fromType: largest, type, savedUsd, evidence: { ...evidence, limit } },
    fromHour: count === 24 ? null : from,
    untilHour: count === 24 ? null : (from + count) % 24,
    because: `On nine of ten days no standby used more than ${round(used)} vCPUs ${when}; ${type} has ${vcpusOf(type, described)}, of which ${round(limit)} may be used.`,
  }
}

export const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`
const percent = (share: number): string => `${Math.round(share * 100)} %`
const round = (value: number): number => Number(value.toFixed(2))

/** vCPUs, of the type that it had then. */
const usedOf = (member: RecommendedMember): Map<number, Hour> => {
  const used = new Map<number, Hour>()
  for (const { at, loadPerCpu, cpuPercent, memoryBytes } of member.hours) {
    const count = cpusAt(member, at)
    const share = loadPerCpu === null && cpuPercent === null ? null : Math.max(loadPerCpu ?? 0, (cpuPercent ?? 0) / 100)
    if (count !== null && share !== null) used.set(at, { vcpus: share * count, memory: memoryBytes })
  }
  return used
}

const highest = (byHour: readonly ReadonlyMap<number, Hour>[]): Evidence['points'] => {
  const high = new Map<number, number>()
  for (const used of byHour) for (const [at, { vcpus }] of used) high.set(at, Math.max(high.get(at) ?? 0, vcpus))
  return [...high].map(([at, vcpus]) => ({ at, vcpus: round(vcpus) })).sort((a, b) => a.at - b.at)
}

/** What the busiest standby usually uses at each hour of the day at most; an hour that was never recorded is full. */
const profileOf = (byHour: readonly ReadonlyMap<number, Hour>[]): Hour[] =>
  Array.from({ length: 24 }, (_, hour) => {
    const each = byHour.map((used) => [...used].filter(([at]) => Math.floor(at / hourMs) % 24 === hour).map(([, one]) => one))
    const of = (figures: number[]) => figures.toSorted((a, b) => a - b)[Math.ceil(figures.length * usual) - 1]
    const vcpus = each.map((hours) => of(hours.map((one) => one.vcpus)) ?? Number.POSITIVE_INFINITY)
    const memory = each.flatMap((hours) => of(hours.flatMap((one) => one.memory ?? [])) ?? [])
    return { vcpus: Math.max(...vcpus), memory: memory.length === 0 ? null : Math.max(...memory) }
  })

const familyOf = (type: string): string => type.replace(/^db\./, '').split('.')[0]!

/** Of its family, with fewer vCPUs. */
const smallerTypes = (type: string, described: DescribedTypes): string[] => {
  const prefix = type.startsWith('db.') ? 'db.' : ''
  return Object.keys(knownTypes(described))
    .map((one) => `${prefix}${one}`)
    .filter((one) => familyOf(one) === familyOf(type) && vcpusOf(one, described)! < vcpusOf(type, described)!)
}

/** The longest run of hours, past midnight too, in which a type would do. */
const longest = (profile: readonly Hour[], type: string, described: DescribedTypes): { from: number; count: number } => {
  const vcpus = vcpusOf(type, described)! * fullness.vcpus
  const memory = (knownType(type, described)?.memoryMib ?? 0) * 1_048_576 * fullness.memory
  const fits = profile.map((hour) => hour.vcpus <= vcpus && (hour.memory === null || hour.memory <= memory))
  let best = { from: 0, count: 0 }
  for (let from = 0; from < 24; from++) {
    let count = 0
    while (count < 24 && fits[(from + count) % 24]) count += 1
    if (count > best.count) best = { from, count }
  }
  return best
}

const savedBy = (
  type: string,
  hours: number,
  standbys: readonly RecommendedMember[],
  hourlyUsd: (region: string, type: string) => number | null,
): number | null => {
  let saved = 0
  for (const standby of standbys) {
    const [before, after] = [hourlyUsd(standby.region!, standby.type!), hourlyUsd(standby.region!, type)]
    if (before === null || after === null) return null
    saved += Math.max(0, before - after) * (hours / 24) * hoursPerMonth
  }
  return saved
}

/** What a form of the rule begins with. */
export const ruleOf = ({ type, fromHour, untilHour }: Pick<Recommendation, 'type' | 'fromHour' | 'untilHour'>): Record<string, string> => {
  if (type === null || fromHour === null || untilHour === null) return {}
  const minutes = ((untilHour - fromHour + 24) % 24) * 60
  return {
    name: 'shrink in quiet hours',
    action: 'down',
    type,
    schedules: clock(fromHour),
    zone: 'UTC',
    conditions: `lagSeconds < 60 and forecast.loadPerCpu < ${fullness.vcpus} for ${minutes} min`,
    retryMinutes: '20',
    retryMax: '3',
  }
}
