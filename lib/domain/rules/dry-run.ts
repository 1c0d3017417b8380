import { choiceOf, chooseMembers, type MemberVerdict, type SeriesOf } from './choose'
import { comparisonsIn } from './condition-text'
import { type Condition, gapMaxMs, type Recorded } from './conditions'
import { type CronTimes, runsAfter } from './cron'
import { type EarlierType, type RuleMember, type RuleQuestion, sizedMembers } from './question'
import { weeksBeforeIn } from './weeks'

/** A rule as a dry run needs it. */
export interface DryRule extends RuleQuestion {
  id: string
  name: string
  schedules: readonly CronTimes[]
  zone: string
  condition: Condition
  /** Why it rests then, as a sentence; null: it does not. */
  heldAt: (at: Date) => string | null
}

export interface DryDecision {
  ruleId: string
  rule: string
  /** ISO time. */
  at: string
  outcome: 'resized' | 'no-change' | 'not-met' | 'unknown' | 'held'
  because: string
  members: MemberVerdict[]
}

export interface DryRun {
  decisions: DryDecision[]
  /** USD that the members would have cost less than with the types they began with; null: a price is not known. */
  savedUsd: number | null
  /** More came than are judged at once: those at the end of the time are left out. */
  isCut: boolean
}

const decisionsMax = 3000
const hourMs = 3_600_000
const tenMinutesMs = 600_000

/**
 * What rules would have decided from `from` to `to` by what was recorded, each by the types that those before it would have left. Checks of the resize, which look
 * at the moment, are not part of it. `hourlyUsd`: of a type in a region; null: not known.
 */
export const dryRun = (
  world: { rules: readonly DryRule[]; members: readonly RuleMember[]; earlier: readonly EarlierType[]; seriesOf: SeriesOf },
  { from, to }: { from: Date; to: Date },
  hourlyUsd: (region: string, type: string) => number | null,
): DryRun => {
  const due = world.rules
    .flatMap((rule) => timesOf(rule, from, to).map((at) => ({ rule, at })))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
  const types = new Map(world.members.map((member) => [member.id, firstType(world, member)]))
  const began = new Map(types)
  const earlier = new Map<string, EarlierType>()
  const decisions: DryDecision[] = []
  let [saved, until] = [0 as number | null, from.getTime()]
  const passTo = (at: number) => {
    saved = saved === null ? null : addSaved(saved, world.members, began, types, (at - until) / hourMs, hourlyUsd)
    until = at
  }
  for (const { rule, at } of due.slice(0, decisionsMax)) {
    passTo(at.getTime())
    const now = world.members.map((member): RuleMember => ({ ...member, type: types.get(member.id) ?? null }))
    const decision = decide(rule, at, now, [...earlier.values()], world.seriesOf)
    decisions.push(decision)
    if (decision.outcome !== 'resized') continue
    for (const { id, from: was, to: is, verdict } of decision.members) {
      if (verdict !== 'chosen' || was === null || is === null) continue
      types.set(id, is)
      earlier.set(`${rule.id} ${id}`, { ruleId: rule.id, memberId: id, from: was, became: [is] })
    }
  }
  passTo(to.getTime())
  return { decisions, savedUsd: saved, isCut: due.length > decisionsMax }
}

const timesOf = ({ schedules, zone }: DryRule, from: Date, to: Date): Date[] => {
  const times: Date[] = []
  for (const at of runsAfter(schedules, zone, new Date(from.getTime() - 1))) {
    if (at.getTime() > to.getTime() || times.length > decisionsMax) break
    times.push(at)
  }
  return times
}

/** The one it had before one of these rules changed it, so that a herd that is small now is not taken for one that always was. What was returned is as it was. */
const firstType = (
  { rules, earlier }: { rules: readonly DryRule[]; earlier: readonly EarlierType[] },
  member: RuleMember,
): string | null => {
  const own = earlier.find(
    ({ memberId, ruleId, became }) =>
      memberId === member.id && became.includes(member.type ?? '') && rules.some(({ id, action }) => id === ruleId && action !== 'return'),
  )
  return own?.from ?? member.type
}

const decide = (
  rule: DryRule,
  at: Date,
  members: readonly RuleMember[],
  earlier: readonly EarlierType[],
  seriesOf: SeriesOf,
): DryDecision => {
  const said = { ruleId: rule.id, rule: rule.name, at: at.toISOString() }
  const held = rule.heldAt(at)
  if (held !== null) return { ...said, outcome: 'held', because: held, members: [] }
  const minutes = Math.max(0, ...comparisonsIn(rule.condition).map((one) => one.minutes))
  const since = at.getTime() - minutes * 60_000 - gapMaxMs - tenMinutesMs
  const verdicts = chooseMembers(
    rule.condition,
    at.getTime(),
    sizedMembers(rule, members, earlier),
    (id, metric, isAhead) => (isAhead ? seriesOf(id, metric, true) : between(seriesOf(id, metric, false), since, at.getTime())),
    weeksBeforeIn(rule.zone),
  )
  const { choice, because } = choiceOf(verdicts)
  return { ...said, outcome: choice === 'chosen' ? 'resized' : choice, because, members: verdicts }
}

/** A long series is searched, not read. */
const between = (series: readonly Recorded[], from: number, to: number): readonly Recorded[] =>
  series.slice(firstFrom(series, from), firstFrom(series, to + 1))

const firstFrom = (series: readonly Recorded[], at: number): number => {
  let [low, high] = [0, series.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (series[middle]!.from < at) low = middle + 1
    else high = middle
  }
  return low
}

const addSaved = (
  saved: number,
  members: readonly RuleMember[],
  began: ReadonlyMap<string, string | null>,
  types: ReadonlyMap<string, string | null>,
  hours: number,
  hourlyUsd: (region: string, type: string) => number | null,
): number | null => {
  let sum = saved
  for (const { id, region } of members) {
    const [was, is] = [began.get(id) ?? null, types.get(id) ?? null]
    if (was === is || was === null || is === null || region === null) continue
    const [before, after] = [hourlyUsd(region, was), hourlyUsd(region, is)]
    if (before === null || after === null) return null
    sum += (before - after) * hours
  }
  return sum
}
