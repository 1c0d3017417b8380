import { describe, expect, test } from 'vitest'
import { type CanaryEvidence, judgeMove, type MoveEvidence } from './certificate'
import { provenMove } from './certificate.fixture'

const canary = (change: Partial<CanaryEvidence>): Partial<MoveEvidence> => ({ canary: { ...provenMove().canary!, ...change } })
const found = (change: Partial<NonNullable<CanaryEvidence['found']>>) => canary({ found: { ...provenMove().canary!.found!, ...change } })

test('with every piece of evidence there, and none against it, no loss is proven; with or without a canary', () => {
  expect(judgeMove(provenMove())).toMatchObject({
    kind: 'proven',
    because: expect.arrayContaining([expect.stringContaining('All 100 commits')]),
  })
  expect(judgeMove(provenMove({ canary: null, isCanaryWanted: false })).kind).toBe('proven')
  const stopped = { state: 'stopped', role: 'unknown', timeline: 3, hasStandbySignal: true, checkpointLsn: '0/5000100' }
  expect(judgeMove(provenMove({ after: stopped })).kind, 'down and untouched').toBe('proven')
})

describe('what is known to be lost is said with how much', () => {
  const lost: [string, Partial<MoveEvidence>, { bytes: number | null; commits: number | null }][] = [
    ['an acknowledged commit is not there', found({ lost: 2, lostIds: [7, 9], rows: 99 }), { bytes: null, commits: 2 }],
    ['the fork lies before the last record', { fork: { timeline: 3, lsn: '0/5000000' } }, { bytes: 0x100, commits: null }],
    ['the old primary was seen past the fork', { lastKnownLsn: '0/5001178' }, { bytes: 0x1000, commits: null }],
    [
      'a commit was acknowledged past the fork, by an old primary that ran on',
      canary({
        timelines: [
          { timeline: 3, acked: 60, lastLsn: '0/5000278' },
          { timeline: 4, acked: 40, lastLsn: '0/5003000' },
        ],
      }),
      { bytes: 0x100, commits: null },
    ],
  ]
  test.each(lost)('%s', (_what, change, amount) => {
    expect(judgeMove(provenMove(change))).toMatchObject({ kind: 'lost', ...amount })
  })
})

describe('a missing or contradicting piece of evidence is named, and never green', () => {
  const doubtful: [string, Partial<MoveEvidence>, RegExp][] = [
    ['the old primary crashed', { stopped: { controlState: 'in production', checkpointLsn: '0/5000100' } }, /did not shut down cleanly/],
    ['its control file was not read', { stopped: null }, /end of the old primary’s WAL/],
    ['a planned move without the replay seen', { replayed: null }, /was not seen to have replayed/],
    [
      'the candidate had not replayed past it',
      { replayed: { checkpointLsn: '0/5000100', replayedLsn: '0/5000100' } },
      /not past the last record/,
    ],
    ['it wrote after the stop', { replayed: { checkpointLsn: '0/5000200', replayedLsn: '0/5000278' } }, /wrote after it was stopped/],
    ['no fork was read', { fork: null }, /fork point of the new timeline/],
    ['another timeline was left', { fork: { timeline: 2, lsn: '0/5000178' } }, /leaves timeline 2/],
    ['the fork is at the last record', { fork: { timeline: 3, lsn: '0/5000100' } }, /is not past/],
    ['another system', { systemIdentifier: { old: '1', new: '2' } }, /same system/],
    ['no newer timeline', { timeline: { old: 4, new: 4 } }, /newer timeline/],
    ['no commit on it', { firstCommit: null }, /No commit was seen/],
    [
      'a person took the responsibility',
      { fence: { kind: 'override', hasStandbySignal: false, isBeforePromotion: false } },
      /responsibility/,
    ],
    ['no standby.signal', { fence: { kind: 'signal', hasStandbySignal: false, isBeforePromotion: true } }, /was not fenced/],
    [
      'a fence after the promotion',
      { fence: { kind: 'signal', hasStandbySignal: true, isBeforePromotion: false } },
      /before the promotion/,
    ],
    ['nobody looked afterwards', { after: null }, /whether the fence held/],
    [
      'the fence did not hold: it is a primary',
      { after: { state: 'online', role: 'primary', timeline: 3, hasStandbySignal: false, checkpointLsn: null } },
      /the fence did not hold/,
    ],
    [
      'the fence did not hold: it ran in between',
      { after: { state: 'stopped', role: 'unknown', timeline: 3, hasStandbySignal: true, checkpointLsn: '0/5000200' } },
      /moved from 0\/5000100 to 0\/5000200/,
    ],
    [
      'standby.signal was taken away',
      { after: { state: 'stopped', role: 'unknown', timeline: 3, hasStandbySignal: false, checkpointLsn: '0/5000100' } },
      /no longer carries/,
    ],
    ['clocks disagree', { clocks: [{ what: 'shop on b', offsetMs: -5200, uncertaintyMs: 3 }] }, /5\.2 s behind the console’s/],
    ['no clock was compared', { clocks: [] }, /No two clocks/],
    ['the journal’s clock went back', { steps: [...provenMove().steps].reverse() }, /went back/],
    ['the console’s clock was set', canary({ elapsedMs: 4000 }), /clock was set while the canary wrote/],
    ['a canary that was asked for is not known of', { canary: null }, /nothing is known of it/],
    ['the canary was cut off', canary({ cutOff: 'its worker died' }), /cut off: its worker died/],
    ['the new primary was not asked', canary({ found: null }), /was not asked/],
    ['rows that nobody sent', found({ foreign: 1, rows: 102 }), /never sent/],
    ['rows that do not add up', found({ rows: 100 }), /do not match/],
    ['a ledger that does not add up', canary({ acked: 99 }), /inconsistent/],
    ['nothing acknowledged before', canary({ timelines: [{ timeline: 4, acked: 100, lastLsn: '0/5003000' }] }), /before the move/],
    ['nothing acknowledged after', canary({ timelines: [{ timeline: 3, acked: 100, lastLsn: '0/5000080' }] }), /after the move/],
    ['the job was given up', { outcome: 'failed' }, /ended as failed/],
  ]
  test.each(doubtful)('%s', (_what, change, because) => {
    const verdict = judgeMove(provenMove(change))
    expect(verdict.kind).toBe('not-provable')
    expect(verdict.because.join(' ')).toMatch(because)
  })

  test('evidence of which any one piece is missing altogether is never green', () => {
    for (const name of Object.keys(provenMove()) as (keyof MoveEvidence)[]) {
      const value = provenMove()[name]
      if (typeof value !== 'object' || value === null || name === 'steps') continue
      const without = provenMove({ [name]: Array.isArray(value) ? [] : null } as Partial<MoveEvidence>)
      let kind: string
      try {
        kind = judgeMove(without).kind
      } catch {
        kind = 'no verdict'
      }
      expect(kind, name).not.toBe('proven')
    }
  })
})
