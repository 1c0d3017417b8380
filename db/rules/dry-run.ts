import { comparisonsIn, parseConditions } from '@/lib/domain/rules/condition-text'
import { forecastWeeks } from '@/lib/domain/rules/conditions'
import { type DryRule, dryRun } from '@/lib/domain/rules/dry-run'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DryRunShown } from '@/lib/shapes/sizing'
import { readHourly } from '../prices/hourly'
import { heldBy, type KnownCalendar, readCalendars } from './calendars'
import { databaseNow } from './due'
import { familyOf, findRule, type KnownRule } from './find'
import { measure } from './measure'
import { readEarlierTypes, readRuleMembers, withTypes } from './members'

const dayMs = 86_400_000

/**
 * What a rule would have decided in the last days by what was recorded, with the rules that reverse it, or with the one it reverses. Nothing changes.
 * Throws `record.missing`, `access.denied`, `input.invalid`, `database.down`.
 */
export const dryRunRule = async (actor: Actor, ruleId: string, days: number): Promise<DryRunShown> => {
  const asked = await findRule(actor, ruleId)
  // It shows members and their figures.
  if (!mayIn(actor, 'instance.view', asked.environmentId)) throw new Fault('access.denied')
  const to = await databaseNow()
  const span = { from: new Date(to.getTime() - days * dayMs), to }
  const [family, calendars, byHerd] = await Promise.all([
    familyOf(asked),
    readCalendars([asked.environmentId]),
    readRuleMembers([asked.herdId]),
  ])
  const rules = family.map((rule) => asDryRule(rule, calendars))
  const comparisons = rules.flatMap(({ condition }) => comparisonsIn(condition))
  const isAhead = comparisons.some((one) => one.isAhead)
  const typed = isAhead ? await withTypes(byHerd, new Date(span.from.getTime() - (forecastWeeks.asked + 1) * 7 * dayMs)) : byHerd
  const members = typed.get(asked.herdId) ?? []
  const [earlier, seriesOf, hourlyUsd] = await Promise.all([
    readEarlierTypes(rules.map(({ id }) => id)),
    measure(members, comparisons, span),
    readHourly(),
  ])
  const { decisions, savedUsd, isCut } = dryRun({ rules, members, earlier, seriesOf }, span, hourlyUsd)
  return {
    from: span.from.toISOString(),
    to: to.toISOString(),
    decisions: decisions.filter((one) => one.ruleId === asked.id).map(({ at, outcome, because }) => ({ at, outcome, because })),
    with: rules.filter(({ id }) => id !== asked.id).map(({ name }) => name),
    savedUsd,
    isCut,
  }
}

const asDryRule = (rule: KnownRule, calendars: readonly KnownCalendar[]): DryRule => {
  const schedules = parseSchedules(rule.schedules)
  const condition = parseConditions(rule.conditions)
  if (typeof schedules === 'string') throw new Fault('input.invalid', { because: `${rule.name}: ${schedules}` })
  if (typeof condition === 'string') throw new Fault('input.invalid', { because: `${rule.name}: ${condition}` })
  return { ...rule, schedules, condition, heldAt: (at) => heldBy(calendars, rule, at) }
}
