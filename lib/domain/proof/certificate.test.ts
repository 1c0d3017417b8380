import { describe, expect, test } from 'vitest'
import { judgeMove, type MoveEvidence } from './certificate'
import { besideEachOther, doubtfulMoves, lostMoves, provenMove } from './certificate.fixture'

test('with every piece of evidence there, and none against it, no loss is proven; with or without a canary', () => {
  expect(judgeMove(provenMove())).toMatchObject({
    kind: 'proven',
    because: expect.arrayContaining([expect.stringContaining('All 100 commits')]),
  })
  expect(judgeMove(provenMove({ canary: null, isCanaryWanted: false })).kind).toBe('proven')
  const stopped = { state: 'stopped', role: 'unknown', timeline: 3, hasStandbySignal: true, checkpointLsn: '0/5000100' }
  expect(judgeMove(provenMove({ after: stopped })).kind, 'down and untouched').toBe('proven')
})

test('steps that were taken at the same time are in order by the lines that note them', () => {
  expect(judgeMove(provenMove({ steps: besideEachOther([2, 3], [1, 4]) })).kind).toBe('proven')
})

test('what is in no WAL is counted and named beside the proof, is not claimed by it, and changes no verdict', () => {
  const because = (notInWal: MoveEvidence['notInWal']) => judgeMove(provenMove({ notInWal })).because.join(' ')
  expect(because({ unloggedTables: 3, logicalSlots: 1 })).toContain(
    '3 unlogged tables: their contents are in no WAL, and not part of this. 1 logical slot left behind:',
  )
  expect(because({ unloggedTables: null, logicalSlots: null })).toMatch(/unlogged tables is not known.*logical slots is not known/)
  for (const none of [{ unloggedTables: 0, logicalSlots: 0 }, undefined]) expect(because(none)).not.toMatch(/unlogged|logical/)
  expect(because(undefined)).toContain('all logged commits that were ever acknowledged are part of it')
  for (const unloggedTables of [null, 0, 3])
    expect(judgeMove(provenMove({ notInWal: { unloggedTables, logicalSlots: 0 } })).kind).toBe('proven')
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
