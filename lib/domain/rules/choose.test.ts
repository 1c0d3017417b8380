import { expect, test } from 'vitest'
import { choiceOf, chooseMembers, type SizedMember } from './choose'
import { parseConditions } from './condition-text'
import type { Condition, Recorded } from './conditions'

const at = Date.UTC(2026, 10, 23, 22)
const lately = (figure: number | null): Recorded[] => [{ from: at - 60_000, to: at, low: figure, high: figure }]
const member = (id: string, more: Partial<SizedMember> = {}): SizedMember => ({
  id,
  title: id,
  isPrimary: false,
  cpus: 4,
  type: 'm5.xlarge',
  to: 'm5.large',
  because: null,
  ...more,
})
const choose = (conditions: string, members: SizedMember[], figures: Record<string, number | null>) =>
  chooseMembers(parseConditions(conditions) as Condition, at, members, (id, metric) => lately(figures[`${id} ${metric}`] ?? null))

test('a primary, a member without a machine and one without a type are left out, and one that has its type stays', () => {
  const verdicts = choose(
    '',
    [
      member('primary', { isPrimary: true }),
      member('bare', { type: null }),
      member('untyped', { to: null, because: 'Nothing to return it to.' }),
      member('small', { type: 'm5.large' }),
      member('big'),
    ],
    {},
  )
  expect(verdicts.map(({ verdict, because }) => [verdict, because])).toEqual([
    ['left-out', 'It is the primary.'],
    ['left-out', 'No machine of a cloud account is tied to its server.'],
    ['left-out', 'Nothing to return it to.'],
    ['same', 'It is m5.large already.'],
    ['chosen', 'no conditions'],
  ])
  expect(choiceOf(verdicts)).toEqual({ choice: 'chosen', because: 'big: m5.xlarge → m5.large' })
})

test('standbys are chosen one by one only while the primary can carry what they leave, by vCPUs', () => {
  const members = [member('p', { isPrimary: true, cpus: 8 }), member('a'), member('b'), member('c', { cpus: 2 })]
  const verdicts = choose('combined.loadPerCpu < 0.7', members, {
    'p loadPerCpu': 0.3,
    'a loadPerCpu': 0.6,
    'b loadPerCpu': 0.4,
    'c loadPerCpu': 0.2,
  })
  // 0.3 + 0.6 / 2 = 0.6; with b 0.8; with c instead 0.65.
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['left-out', 'chosen', 'fails', 'chosen'])
  expect(verdicts[2]!.because).toBe('Load per vCPU of the primary with what it takes over < 0.7: was 0.8')
})

test('what nobody measured is unknown: of a member, of the primary, and of what it would carry', () => {
  const members = [member('p', { isPrimary: true }), member('a')]
  expect(choose('lagSeconds < 60', members, {})[1]!.verdict).toBe('unknown')
  expect(choose('primary.active < 60', [member('a')], { 'a active': 1 })[0]!.verdict).toBe('unknown')
  expect(choose('combined.active < 60', members, { 'p active': 3 })[1]!.verdict).toBe('unknown')
  expect(choose('combined.active < 60', members, { 'p active': 3, 'a active': 2 })[1]!.verdict).toBe('chosen')
  expect(
    choose('combined.cpu < 60', [member('p', { isPrimary: true }), member('a', { cpus: null })], { 'p cpu': 3, 'a cpu': 2 })[1]!.verdict,
  ).toBe('unknown')
})

test('a decision says the comparisons that made it', () => {
  const verdicts = choose('lagSeconds < 60 and (loadPerCpu < 0.5 or active < 2)', [member('a')], {
    'a lagSeconds': 3,
    'a loadPerCpu': 0.9,
    'a active': 7,
  })
  expect(choiceOf(verdicts)).toEqual({ choice: 'not-met', because: 'a: Load per vCPU < 0.5: was 0.9, Active sessions < 2: was 7' })
  expect(choiceOf([])).toEqual({ choice: 'no-change', because: 'The herd has no members.' })
})

test('the load is that per vCPU times the vCPUs of its host, and of the primary with what it takes over it is the sum', () => {
  const members = [member('primary', { isPrimary: true, cpus: 8 }), member('a', { cpus: 4 }), member('b', { cpus: null })]
  const figures = { 'primary loadPerCpu': 0.5, 'a loadPerCpu': 0.25, 'b loadPerCpu': 0.25 }
  const verdicts = (conditions: string) => choose(conditions, members, figures).map(({ verdict }) => verdict)
  expect(verdicts('load = 1')).toEqual(['left-out', 'chosen', 'unknown'])
  expect(verdicts('combined.load = 5')).toEqual(['left-out', 'chosen', 'unknown'])
  expect(verdicts('primary.load = 4')).toEqual(['left-out', 'chosen', 'chosen'])
})

test('busy sessions are those that are active and those that are idle in a transaction', () => {
  const figures = { 'a active': 2, 'a idleInTransaction': 1, 'b active': 2 }
  expect(choose('busy = 3', [member('a'), member('b')], figures).map(({ verdict }) => verdict)).toEqual(['chosen', 'unknown'])
})

test('clients are counted when the rule decides, and one that nobody could count is unknown', () => {
  expect(
    choose('busyClients < 3', [member('a'), member('b')], { 'a busyClients': 2 }).map(({ verdict, because }) => [verdict, because]),
  ).toEqual([
    ['chosen', 'Busy clients that count < 3: was 2'],
    ['unknown', 'Busy clients that count < 3: not counted'],
  ])
})

test('a forecast is of the vCPUs of the new type, by those that the member had when it was recorded', () => {
  const weekMs = 7 * 86_400_000
  const recorded = [4, 3, 2, 1].map(
    (weeks): Recorded => ({ from: at - weeks * weekMs, to: at - weeks * weekMs + 600_000, low: 0.2, high: 0.2 }),
  )
  const forecast = parseConditions('forecast.loadPerCpu < 0.5 for 10 min') as Condition
  const because = (one: SizedMember) => chooseMembers(forecast, at, [one], () => recorded)[0]!
  // 0.2 on 4 vCPUs is 0.4 on 2; where it was recorded on 2 it stays 0.2.
  expect(because(member('a'))).toMatchObject({ verdict: 'chosen', because: expect.stringContaining('was 0.4') })
  const small = recorded.map(({ from }) => ({ from, to: from + 1, type: 'm5.large' }))
  expect(because(member('a', { types: small }))).toMatchObject({ because: expect.stringContaining('was 0.2') })
  expect(because(member('a', { to: 'x9.huge' })).verdict).toBe('unknown')
})
