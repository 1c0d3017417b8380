import { expect, test } from 'vitest'
import { judgeUnordered, type OldPrimary } from './unordered'

const old: OldPrimary = { title: 'shop on a', lsn: '0/3000060', seenAt: '2026-03-01T12:00:00.000Z' }
const change = (lsn: string) => ({ timeline: 1, lsn, reason: 'no recovery target specified', at: null, leader: 'b' })
const promotion = { promotedAt: '2026-03-01T12:00:18.600Z', isSynchronous: false }

test('what the old primary was seen to have written past the fork is lost, at least; Patroni’s positions are numbers', () => {
  const judged = judgeUnordered(old, change(String(0x3000028)), promotion)
  expect(judged).toMatchObject({ gapMs: 18_600, lossBytes: 0x38 })
  expect(judged.loss).toBe('At least 56 bytes: shop on a was seen at 0/3000060, and the new timeline begins at 0/3000028.')
})

test('no loss that was seen is no proof of none, unless the cluster is synchronous', () => {
  expect(judgeUnordered(old, change('0/3000100'), promotion)).toMatchObject({
    lossBytes: null,
    loss: expect.stringContaining('is not known'),
  })
  expect(judgeUnordered(old, change('0/3000100'), { ...promotion, isSynchronous: true })).toMatchObject({ lossBytes: 0 })
})

test('what nobody saw is not known, and not none', () => {
  expect(judgeUnordered(null, null, promotion)).toMatchObject({ gapMs: null, lossBytes: null })
  expect(judgeUnordered({ ...old, lsn: null }, change('0/1'), promotion).lossBytes).toBeNull()
})
