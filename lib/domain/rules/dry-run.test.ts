import { expect, test } from 'vitest'
import { parseConditions } from './condition-text'
import type { Condition, Recorded } from './conditions'
import type { CronTimes } from './cron'
import { type DryRule, dryRun } from './dry-run'
import type { RuleMember } from './question'
import { parseSchedules } from './schedules'

const day = (text: string) => new Date(`2026-11-${text}Z`)
const rule = (id: string, schedules: string, more: Partial<DryRule> = {}, conditions = ''): DryRule => ({
  id,
  name: id,
  action: 'down',
  reverseOf: null,
  type: 'm5.large',
  memberTypes: [],
  countedClients: [],
  ignoredClients: [],
  conditions,
  schedules: parseSchedules(schedules) as CronTimes[],
  zone: 'UTC',
  condition: parseConditions(conditions) as Condition,
  heldAt: () => null,
  ...more,
})
const back = rule('back', '06:00', { action: 'return', reverseOf: 'down', type: null })
const member = (id: string, role: string): RuleMember => ({
  id,
  herdId: 'herd',
  title: id,
  serverId: id,
  hostname: id,
  role,
  cpus: 4,
  type: 'm5.xlarge',
  region: 'us-east-1',
  tags: [],
})
const members = [member('p', 'primary'), member('a', 'standby')]
const prices: Record<string, number> = { 'm5.xlarge': 0.2, 'm5.large': 0.1 }
const hourly = (_region: string, type: string) => prices[type] ?? null
const week = { from: day('16T12:00:00'), to: day('23T12:00:00') }

test('a week of nights is counted with what it would have saved, each time by what the times before it left', () => {
  const { decisions, savedUsd, isCut } = dryRun(
    { rules: [rule('down', '22:00\n23:00'), back], members, earlier: [], seriesOf: () => [] },
    week,
    hourly,
  )
  expect(decisions.filter(({ outcome }) => outcome === 'resized').map(({ ruleId }) => ruleId)).toEqual(
    Array(7).fill(['down', 'back']).flat(),
  )
  expect(decisions.filter(({ outcome }) => outcome === 'no-change')).toHaveLength(7)
  expect(savedUsd).toBeCloseTo(7 * 8 * 0.1)
  expect(isCut).toBe(false)
})

test('each time is judged by what had been recorded by then, and rests where a calendar held it', () => {
  const busy = (at: Date): Recorded => ({ from: at.getTime() - 60_000, to: at.getTime(), low: 50, high: 50 })
  const quiet = (at: Date): Recorded => ({ ...busy(at), low: 1, high: 1 })
  const series = [busy(day('16T22:00:00')), quiet(day('17T22:00:00')), quiet(day('19T22:00:00'))]
  const down = rule('down', '22:00', { heldAt: (at) => (at.getUTCDate() === 19 ? 'Held.' : null) }, 'active < 5')
  const { decisions } = dryRun({ rules: [down, back], members, earlier: [], seriesOf: () => series }, week, hourly)
  expect(decisions.filter(({ ruleId }) => ruleId === 'down').map(({ outcome }) => outcome)).toEqual([
    'not-met',
    'resized',
    'unknown',
    'held',
    'unknown',
    'unknown',
    'unknown',
  ])
})

test('a herd that the rule has made small is judged from the type it had, and an unknown price is no saving', () => {
  const small = members.map((one) => ({ ...one, type: 'm5.large' }))
  const earlier = [{ ruleId: 'down', memberId: 'a', from: 'm5.xlarge', became: ['m5.large'] }]
  const ran = dryRun({ rules: [rule('down', '22:00')], members: small, earlier, seriesOf: () => [] }, week, () => null)
  expect(ran.decisions.map(({ outcome }) => outcome)).toEqual(['resized', ...Array(6).fill('no-change')])
  expect(ran.savedUsd).toBeNull()
})

test('a herd that is small now, or was returned, is judged from the type that it had before its rules', () => {
  const rules = [rule('down', '22:00'), back]
  const shrunk = { ruleId: 'down', memberId: 'a', from: 'm5.xlarge', became: ['m5.large'] }
  const returned = { ruleId: 'back', memberId: 'a', from: 'm5.large', became: ['m5.xlarge'] }
  for (const [type, earlier] of [
    ['m5.large', [shrunk]],
    ['m5.xlarge', [shrunk, returned]],
  ] as const) {
    const now = members.map((one) => (one.id === 'a' ? { ...one, type } : one))
    const { decisions } = dryRun({ rules, members: now, earlier, seriesOf: () => [] }, week, hourly)
    expect(
      decisions.filter(({ ruleId }) => ruleId === 'down').map(({ outcome }) => outcome),
      type,
    ).toEqual(Array(7).fill('resized'))
  }
})
