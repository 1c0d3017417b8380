import { expect, test } from 'vitest'
import { judgeSlots, leftSlotsVerdict, type SlotOwner } from './leftover-slots'

const n1: SlotOwner = { title: 'demo on n1', names: ['n1'], reads: null, isSeen: true }
const n2: SlotOwner = { title: 'demo on n2', names: ['shop_n2', 'n2'], reads: null, isSeen: true }
const n3: SlotOwner = { title: 'demo on n3', names: ['n3'], reads: null, isSeen: true }

test('a slot of a member that follows elsewhere now goes, under the name in its files or that of its host', () => {
  expect(judgeSlots(['n2', 'shop_n2', 'n3', 'n1'], [n1, n2, n3])).toEqual({ drop: ['n2', 'shop_n2', 'n3', 'n1'], keep: [] })
})

test('a slot stays where somebody follows through it, may come back for it, or is not known to have it', () => {
  const follower = { ...n2, reads: 'shop_n2' }
  const unseen = { ...n3, isSeen: false }
  expect(judgeSlots(['shop_n2', 'n2'], [n1, follower])).toEqual({
    drop: ['n2'],
    keep: [{ name: 'shop_n2', because: 'demo on n2 follows through it' }],
  })
  expect(judgeSlots(['n3', 'barman'], [n1, n2, unseen]).keep).toEqual([
    { name: 'n3', because: 'demo on n3 cannot be seen, and may come back for it' },
    { name: 'barman', because: 'demo on n3 cannot be seen, so its owner is not known' },
  ])
  expect(judgeSlots(['barman'], [n1, n2, n3]).keep[0]?.because).toContain('so its owner is not known')
})

test('the plan says what goes, and warns of what stays', () => {
  expect(leftSlotsVerdict({ drop: [], keep: [] })).toEqual({ verdict: 'pass' })
  expect(leftSlotsVerdict({ drop: ['n2'], keep: [] })).toEqual({ verdict: 'pass', because: expect.stringContaining('n2') })
  expect(leftSlotsVerdict({ drop: ['n2'], keep: [{ name: 'barman', because: 'nobody knows it' }] })).toEqual({
    verdict: 'warn',
    because: 'Dropped, since no member needs it: n2. Left: barman (nobody knows it).',
  })
})
