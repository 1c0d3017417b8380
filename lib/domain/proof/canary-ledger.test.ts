import { expect, test } from 'vitest'
import { judgeCanary, type LedgerEvent, ledgerEnd, ledgerHead, ledgerLine, ledgerMode, readLedger } from './canary-ledger'
import { judgeMove } from './certificate'
import { provenMove } from './certificate.fixture'

const ack = (id: number, atMs: number, timeline: number, lsn: string): LedgerEvent => ({ kind: 'ack', id, atMs, timeline, lsn })
const events: LedgerEvent[] = [
  { kind: 'sent', id: 1, atMs: 0 },
  ack(1, 2, 3, '0/5000010'),
  { kind: 'sent', id: 2, atMs: 50 },
  ack(2, 53, 3, '0/5000080'),
  { kind: 'sent', id: 3, atMs: 100 },
  { kind: 'unknown', id: 3, atMs: 110, code: '57P01' },
  { kind: 'sent', id: 4, atMs: 400 },
  { kind: 'refused', id: 4, atMs: 405, code: '25006' },
  { kind: 'sent', id: 5, atMs: 900 },
  ack(5, 1053.5, 4, '0/50002F0'),
]
const textOf = (lines: readonly LedgerEvent[], end = ledgerEnd(1100, '2026-11-21T09:00:01.100Z')) =>
  `${ledgerHead('2026-11-21T09:00:00.000Z')}${lines.map(ledgerLine).join('')}${end}`
const about = { through: 'a socket', sha256: 'ab', cutOff: null }
const verdictOf = (text: string, ids: number[]) => {
  const canary = judgeCanary(readLedger(text)!, { on: 'shop on b', ids }, about)
  return judgeMove(provenMove({ canary }))
}

test('the ledger is read back as it was written, and its figures are what a client saw', () => {
  const ledger = readLedger(textOf(events))!
  expect(ledger.events).toEqual(events)
  expect(judgeCanary(ledger, { on: 'shop on b', ids: [1, 2, 3, 5] }, about)).toEqual({
    through: 'a socket',
    startedAt: '2026-11-21T09:00:00.000Z',
    endedAt: '2026-11-21T09:00:01.100Z',
    elapsedMs: 1100,
    ledger: { sha256: 'ab', attempts: 5 },
    acked: 3,
    refused: 1,
    unknown: 1,
    errors: [
      { code: '25006', count: 1 },
      { code: '57P01', count: 1 },
    ],
    latencyMs: { p50: 3, p99: 153.5, max: 153.5 },
    longestGapMs: 1000.5,
    timelines: [
      { timeline: 3, acked: 2, lastLsn: '0/5000080' },
      { timeline: 4, acked: 1, lastLsn: '0/50002F0' },
    ],
    found: { on: 'shop on b', rows: 4, lost: 0, lostIds: [], foreign: 0, unknownPresent: 1 },
    cutOff: null,
    commitModes: [],
    strip: {
      startedAt: '2026-11-21T09:00:00.000Z',
      atMs: 1100,
      isOver: true,
      acked: 3,
      errors: 2,
      lastAckMs: 1053.5,
      gap: [53, 1053.5],
      samples: [
        [0, 2, 3],
        [50, 3, 3],
        [100, 10, '57P01'],
        [400, 5, '25006'],
        [900, 153.5, 4],
      ],
    },
  })
})

test('what an acknowledgement was worth is said as the servers said it, each way once', () => {
  const modes = [
    { synchronousCommit: 'on', standbyNames: 'ANY 1 (b, "c d")' },
    { synchronousCommit: 'on', standbyNames: '' },
    { synchronousCommit: 'off', standbyNames: '' },
    { synchronousCommit: 'local', standbyNames: 'b' },
    { synchronousCommit: 'on', standbyNames: '' },
  ]
  const ledger = readLedger(textOf(events.slice(0, 2), modes.map(ledgerMode).join('')))!
  expect(ledger.modes).toEqual(modes)
  expect(judgeCanary(ledger, null, about).commitModes).toEqual([
    'synchronous_commit = on, synchronous_standby_names = ANY 1 (b, "c d"): acknowledged once standbys had it, too',
    'synchronous_commit = on, no synchronous standby: acknowledged once it was on the primary’s disk',
    'synchronous_commit = off: acknowledged before it was on any disk',
    'synchronous_commit = local: acknowledged once it was on the primary’s disk',
  ])
})

test('only a whole ledger whose every acknowledged commit is there makes a green certificate', () => {
  expect(verdictOf(textOf(events), [1, 2, 3, 5]).kind).toBe('proven')
  expect(verdictOf(textOf(events), [1, 2, 5]).kind, 'one without an answer may be absent').toBe('proven')
  expect(verdictOf(textOf(events), [1, 3, 5])).toMatchObject({ kind: 'lost', commits: 1 })
  expect(verdictOf(textOf(events), [1, 2, 4, 5]).kind, 'refused, yet there').toBe('not-provable')
  expect(verdictOf(textOf(events), [1, 2, 5, 6]).kind, 'never sent').toBe('not-provable')
  expect(verdictOf(textOf(events, ''), [1, 2, 5]), 'cut off').toMatchObject({
    kind: 'not-provable',
    because: expect.arrayContaining([expect.stringContaining('cut off')]),
  })
  expect(verdictOf(textOf(events.slice(0, 4)), [1, 2]).kind, 'nothing after the move').toBe('not-provable')
  expect(
    verdictOf(textOf([...events, ack(9, 1060, 3, '0/50002F8')]), [1, 2, 5, 9]).kind,
    'acknowledged by the old primary past the fork',
  ).toBe('lost')
})

test('a line that was cut off with its writer is left out; anything else that no writer wrote is no ledger', () => {
  const cut = `${ledgerHead('2026-11-21T09:00:00.000Z')}${events.map(ledgerLine).join('')}ack 6 11`
  expect(readLedger(cut)).toMatchObject({ endedAt: null, elapsedMs: 1053.5, events })
  for (const text of ['', 'hello\n', `${ledgerHead('x')}ack one 2 3 0/1\n`, `${ledgerHead('x')}ack 1 2\n`, `${ledgerHead('x')}paid 1 2\n`])
    expect(readLedger(text)).toBeNull()
})
