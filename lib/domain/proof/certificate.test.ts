import { describe, expect, test } from 'vitest'
import { judgeMove, type MoveEvidence } from './certificate'
import { doubtfulMoves, lostMoves, provenMove } from './certificate.fixture'

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
  test.each(lostMoves)('%s', (_what, change, amount) => {
    expect(judgeMove(provenMove(change))).toMatchObject({ kind: 'lost', ...amount })
  })
})

describe('a missing or contradicting piece of evidence is named, and never green', () => {
  test.each(doubtfulMoves)('%s', (_what, change, because) => {
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
