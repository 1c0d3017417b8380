import { expect, test } from 'vitest'
import type { CanaryLedger, LedgerEvent } from '../proof/canary-ledger'
import { type Circumstances, costOf, faultKinds } from './faults'
import { type FaultFinding, type FaultSeen, judgeFault, verdictOf } from './judge'
import { drillReport } from './report'

const here: Circumstances = { isPatroni: true, isSynchronous: true, ttlSeconds: 20, downSeconds: 5 }
const ack = (id: number, atMs: number): LedgerEvent[] => [
  { kind: 'sent', id, atMs: atMs - 2 },
  { kind: 'ack', id, atMs, timeline: 1, lsn: '0/3000000' },
]
const ledgerOf = (events: LedgerEvent[], more: Partial<CanaryLedger> = {}): CanaryLedger => ({
  startedAt: '2026-03-01T12:00:00.000Z',
  endedAt: '2026-03-01T12:00:10.000Z',
  elapsedMs: 400,
  events,
  modes: [],
  ...more,
})
const seen = (events: LedgerEvent[], ids: number[] | null, more: Partial<FaultSeen> = {}): FaultSeen => ({
  kind: 'switchover',
  cost: costOf('switchover', here),
  struckAt: '2026-03-01T12:00:03.000Z',
  wholeMs: 900,
  primary: 'shop on n2',
  ledger: { ledger: ledgerOf(events), sha256: 'ab' },
  found: ids === null ? null : { on: 'shop on n2', ids, sum: 10_000 + ids.length },
  sumBefore: 10_000,
  ...more,
})
const events = [...ack(1, 10), ...ack(2, 30), ...ack(3, 390)]

test('what was acknowledged and is there, once, in time, is within what was declared', () => {
  const finding = judgeFault(seen(events, [1, 2, 3]))
  expect(finding).toMatchObject({ acked: 3, lost: 0, duplicated: 0, foreign: 0, unknown: 0, longestGapMs: 360, total: { difference: 0 } })
  expect(verdictOf(finding)).toEqual({ kind: 'within', because: [] })
})

test('a lost commit lowers the sum, and a commit whose client saw an error raises it', () => {
  const lost = judgeFault(seen(events, [1, 3]))
  expect(lost).toMatchObject({ lost: 1, lostIds: [2], total: { expected: 10_003, found: 10_002, difference: -1 } })
  expect(verdictOf(lost).kind).toBe('beyond')
  const unanswered: LedgerEvent[] = [...events, { kind: 'sent', id: 4, atMs: 391 }, { kind: 'unknown', id: 4, atMs: 395, code: '57P01' }]
  const there = judgeFault(seen(unanswered, [1, 2, 3, 4]))
  expect(there).toMatchObject({ unknown: 1, unknownPresent: 1, lost: 0, total: { difference: 1 }, errors: [{ code: '57P01', count: 1 }] })
  expect(verdictOf(there).kind).toBe('within')
  const gone = judgeFault(seen(unanswered, [1, 2, 3]))
  expect(gone).toMatchObject({ unknown: 1, unknownPresent: 0, lost: 0, total: { difference: 0 } })
  expect(verdictOf(gone).kind).toBe('within')
})

test('a loss and a surplus that make the sum right are both told: the sum alone proves nothing', () => {
  const unanswered: LedgerEvent[] = [...events, { kind: 'sent', id: 4, atMs: 391 }]
  const finding = judgeFault(seen(unanswered, [1, 3, 4]))
  expect(finding).toMatchObject({ total: { difference: 0 }, lost: 1, unknownPresent: 1 })
  expect(verdictOf(finding)).toMatchObject({ kind: 'beyond' })
})

test('rows that are there twice, that were refused, or that nobody sent are found', () => {
  const refused: LedgerEvent[] = [...events, { kind: 'sent', id: 4, atMs: 391 }, { kind: 'refused', id: 4, atMs: 395, code: '40P01' }]
  expect(judgeFault(seen(refused, [1, 2, 2, 3, 4, 9]))).toMatchObject({ duplicated: 1, foreign: 2, refused: 1 })
})

test('a sum that the rows do not explain is a finding', () => {
  const finding = judgeFault(seen(events, [1, 2, 3], { found: { on: 'n2', ids: [1, 2, 3], sum: 10_001 } }))
  expect(verdictOf(finding).because.join()).toContain('the sum of the accounts is off by -2')
})

test('silence until the end counts as a gap, and a longer one than declared is more than it may cost', () => {
  const finding = judgeFault(seen(ack(1, 10), [1], { ledger: { ledger: ledgerOf(ack(1, 10), { elapsedMs: 70_010 }), sha256: 'ab' } }))
  expect(finding.longestGapMs).toBe(70_000)
  expect(verdictOf(finding)).toEqual({ kind: 'beyond', because: ['no commit for 70000 ms, and 60000 ms were allowed'] })
})

test('without the ledger, or without the primary’s answer, nothing is 0 and nothing is within', () => {
  const without = judgeFault(seen(events, [1], { ledger: null }))
  expect([without.lost, without.acked, without.longestGapMs, without.total]).toEqual([null, null, null, null])
  expect(verdictOf(without).kind).toBe('unknown')
  const unasked = judgeFault(seen(events, null))
  expect([unasked.lost, unasked.duplicated, unasked.unknownPresent]).toEqual([null, null, null])
  expect(verdictOf(unasked).kind).toBe('unknown')
})

test('writers that died with their worker are said to be cut off, however good their figures are', () => {
  const finding = judgeFault(seen(events, [1, 2, 3], { ledger: { ledger: ledgerOf(events, { endedAt: null }), sha256: 'ab' } }))
  expect(verdictOf(finding)).toMatchObject({ kind: 'unknown' })
  expect(verdictOf(finding).because.join()).toContain('worker dies')
})

test('a herd that is not whole again is more than any fault may cost', () => {
  expect(verdictOf(judgeFault(seen(events, [1, 2, 3], { wholeMs: null }))).kind).toBe('beyond')
})

test('a loss is bounded by 0 where a standby has each commit, and where nobody is promoted', () => {
  const lost = (more: Partial<Circumstances>) =>
    Object.fromEntries(faultKinds.map((kind) => [kind, costOf(kind, { ...here, ...more }).lost]))
  const none = { sessions: 0, restart: 0, switchover: 0, 'kill-postgres': 0, 'stop-patroni': 0, 'kill-patroni': 0, 'kill-etcd': 0 }
  expect(lost({})).toEqual(none)
  expect(lost({ isSynchronous: false })).toEqual({ ...none, 'kill-postgres': null })
  expect(lost({ isPatroni: false, isSynchronous: false })).toEqual(none)
  // Down for longer than the leader key lives, and without a watchdog two members take writes, whatever replication does.
  expect(lost({ downSeconds: 30 })).toEqual({ ...none, 'kill-patroni': null })
})

test('the report adds up what is known of every fault, and nothing where one fault was begun and not measured', () => {
  const [one, two] = [judgeFault(seen(events, [1, 3])), { ...judgeFault(seen(events, [1, 2, 3])), kind: 'sessions' } as FaultFinding]
  const finished = (finding: FaultFinding) => ({ kind: 'finished', step: finding.kind, output: finding })
  const begun = (step: string) => ({ kind: 'intended', step })
  const lines = [begun('database'), begun('sessions'), finished(two), begun('switchover'), finished(one)]
  expect(drillReport([begun('database')])).toBeNull()
  expect(drillReport(lines)).toMatchObject({ difference: -1, lost: 1, acked: 6, unmeasured: [], left: [], isOver: false })
  const broken = [...lines, begun('kill-postgres'), { kind: 'released', step: 'database' }, { kind: 'closed' }]
  expect(drillReport(broken)).toMatchObject({
    difference: null,
    lost: null,
    acked: null,
    unmeasured: ['kill-postgres'],
    left: ['sessions', 'switchover', 'kill-postgres'],
  })
})
