import { expect, test } from 'vitest'
import { type Blocker, blockingTrees } from './blocking'
import type { Session } from './session'

const session = (pid: number, blockedBy: number[] = [], stateSeconds = 1): Session => ({
  pid,
  startedAt: '2026-03-01T12:00:00.000000Z',
  kind: 'client backend',
  database: 'shop',
  user: 'app',
  application: '',
  client: null,
  state: 'active',
  waitType: null,
  wait: null,
  ageSeconds: 10,
  transactionSeconds: 1,
  statementSeconds: 1,
  stateSeconds,
  heldBack: null,
  statementAt: null,
  statement: 'select 1',
  blockedBy,
})

const shape = (trees: readonly Blocker[]): unknown => trees.map(({ pid, waiting }) => (waiting.length === 0 ? pid : [pid, shape(waiting)]))

test('those who wait for nobody stand at the top, with all that wait behind them', () => {
  const trees = blockingTrees([session(1), session(2, [1]), session(3, [2]), session(4), session(5, [4]), session(6)])
  expect(shape(trees)).toEqual([
    [1, [[2, [3]]]],
    [4, [5]],
  ])
  expect(trees.map(({ waitingCount }) => waitingCount)).toEqual([2, 1])
})

test('one that waits for the holder and for those before it in the queue stands once, under the holder', () => {
  expect(shape(blockingTrees([session(3, [2, 1]), session(2, [1]), session(1)]))).toEqual([[1, [3, 2]]])
})

test('a circle is shown under the one that has waited longest, and ends', () => {
  expect(shape(blockingTrees([session(1, [2], 3), session(2, [1], 9), session(3, [1])]))).toEqual([[2, [[1, [3]]]]])
})

test('a prepared transaction, or a session that was not seen, is named as what it is', () => {
  const trees = blockingTrees([session(1, [0]), session(2, [99])])
  expect(shape(trees)).toEqual([
    [0, [1]],
    [99, [2]],
  ])
  expect(trees.every((tree) => tree.session === null)).toBe(true)
})

test('nobody waits: there is nothing to show', () => {
  expect(blockingTrees([session(1), session(2)])).toEqual([])
})
