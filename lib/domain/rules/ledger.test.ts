import { expect, test } from 'vitest'
import { ledger, type MachineSpan, type PriceAt, type RuleResize } from './ledger'

const at = (text: string) => Date.parse(`2026-11-${text}:00Z`)
const prices: Record<string, number> = { 'm5.large': 0.1, 'm5.xlarge': 0.2, 'm5.2xlarge': 0.4 }
const priceAt: PriceAt = (_place, type) => prices[type] ?? null
const span = (from: string, to: string, type: string, more: Partial<MachineSpan> = {}): MachineSpan => ({
  ...{
    machineId: 'i-1',
    title: 'db2',
    herdId: 'shop',
    memberId: 'a',
    accountId: 'acc',
    region: 'us-east-1',
    isRunning: true,
    isSpot: false,
  },
  ...{ type, from: at(from), to: at(to) },
  ...more,
})
const resize = (from: string, to: string, begun: string): RuleResize => ({
  memberId: 'a',
  from,
  became: [to],
  begun: at(begun),
  ended: at(begun) + 300_000,
})
const day = { from: at('20T00:00'), to: at('21T00:00') }
const only = (spans: MachineSpan[], resizes: RuleResize[], prices = priceAt, window = day) =>
  ledger(spans, resizes, prices, window).lines[0]!

test('hours at the smaller type that a rule gave are saved against the larger one, until the machine has that again', () => {
  const spans = [
    span('19T20:00', '20T02:00', 'm5.xlarge'),
    span('20T02:00', '20T08:00', 'm5.large'),
    span('20T08:00', '21T05:00', 'm5.xlarge'),
  ]
  const rules = [resize('m5.xlarge', 'm5.large', '20T01:58'), resize('m5.large', 'm5.xlarge', '20T07:58')]
  const line = only(spans, rules)
  expect(line).toMatchObject({ month: '2026-11', hours: 24, unknownHours: 0, unpricedHours: 0 })
  expect(line.usd).toBeCloseTo(18 * 0.2 + 6 * 0.1)
  expect(line.bigUsd).toBeCloseTo(24 * 0.2)
  expect(line.types.map(({ type, hours }) => [type, hours])).toEqual([
    ['m5.xlarge', 18],
    ['m5.large', 6],
  ])
})

test('a type that a person gave is no saving, and a second rule on top of a first is saved against the first type', () => {
  const byHand = [span('20T00:00', '20T02:00', 'm5.xlarge'), span('20T02:00', '21T00:00', 'm5.large')]
  expect(only(byHand, [])).toMatchObject({ bigUsd: expect.closeTo(2 * 0.2 + 22 * 0.1) })
  const chain = [
    span('20T00:00', '20T06:00', 'm5.2xlarge'),
    span('20T06:00', '20T12:00', 'm5.xlarge'),
    span('20T12:00', '21T00:00', 'm5.large'),
  ]
  const rules = [resize('m5.2xlarge', 'm5.xlarge', '20T05:58'), resize('m5.xlarge', 'm5.large', '20T11:58')]
  expect(only(chain, rules)).toMatchObject({ bigUsd: expect.closeTo(24 * 0.4) })
})

test('what a person made of a machine is not taken for what a rule made of it some minutes later', () => {
  const spans = [
    span('20T00:00', '20T01:00', 'm5.2xlarge'),
    span('20T01:00', '20T01:04', 'm5.xlarge'),
    span('20T01:04', '20T01:08', 'm5.large'),
    span('20T01:08', '20T02:00', 'm5.xlarge'),
  ]
  const rules = [resize('m5.xlarge', 'm5.large', '20T01:03'), resize('m5.large', 'm5.xlarge', '20T01:07')]
  expect(only(spans, rules)).toMatchObject({ bigUsd: expect.closeTo(0.4 + 0.2), usd: expect.closeTo(0.4 + 0.2 - (4 / 60) * 0.1) })
})

test('a machine whose rows begin small is known by the rule that made it so before', () => {
  expect(only([span('20T00:00', '21T00:00', 'm5.large')], [resize('m5.xlarge', 'm5.large', '18T22:00')])).toMatchObject({
    usd: expect.closeTo(2.4),
    bigUsd: expect.closeTo(4.8),
  })
})

test('gaps between looks are unknown hours, stopped ones cost nothing, and those without a price are in no sum', () => {
  const spans = [
    span('20T00:00', '20T06:00', 'm5.large'),
    span('20T09:00', '20T10:00', 'm5.large', { isRunning: false }),
    span('20T10:00', '20T12:00', 'x9.huge'),
    span('20T12:00', '20T13:00', 'm5.large', { isSpot: true }),
  ]
  const line = only(spans, [])
  expect(line).toMatchObject({ hours: 9, unknownHours: 3, unpricedHours: 3 })
  expect(line.usd).toBeCloseTo(0.6)
})

test('each hour has the price that was valid then, and months and days end at midnight of UTC', () => {
  const risen: PriceAt = (_place, _type, moment) => (moment < Date.parse('2026-12-01T00:00:00Z') ? 0.1 : 0.2)
  const spans = [{ ...span('30T12:00', '30T12:00', 'm5.large'), to: Date.parse('2026-12-02T00:00:00Z') }]
  const { lines, days } = ledger(spans, [], risen, { from: 0, to: Date.parse('2027-01-01T00:00:00Z') })
  expect(lines.map(({ month, usd }) => [month, Number(usd.toFixed(2))])).toEqual([
    ['2026-11', 1.2],
    ['2026-12', 4.8],
  ])
  expect(days.map((one) => one.day)).toEqual(['2026-11-30', '2026-12-01'])
})
