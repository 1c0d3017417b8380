import { expect, test } from 'vitest'
import { synchronousAmong, synchronousCount, synchronousLowered, synchronousNames } from './synchronous-names'

test('every form of the setting gives its names and how many a commit waits for', () => {
  const table = ['', 'a', 'a, "B ""x"""', 'FIRST 2 (a, b, c)', 'any 1 (*)', '2 (a,b)', ' first 1 ( "s 1" ) '].map((setting) => [
    synchronousNames(setting),
    synchronousCount(setting),
  ])
  expect(table).toEqual([
    [[], 0],
    [['a'], 1],
    [['a', 'B "x"'], 1],
    [['a', 'b', 'c'], 2],
    [['*'], 1],
    [['a', 'b'], 2],
    [['s 1'], 1],
  ])
})

test('a standby counts by its name, whatever its case, or under a star', () => {
  expect(synchronousAmong('FIRST 1 (n1, N3)', ['n1', 'n2', 'n3'])).toEqual(['n1', 'n3'])
  expect(synchronousAmong('*', ['n1', 'n2'])).toEqual(['n1', 'n2'])
  expect(synchronousAmong('', ['n1'])).toEqual([])
})

test('a setting is lowered to as many standbys as are left, by its own method, and to nobody where none is', () => {
  const lowered = (['ANY 2 (a, b, c)', 'first 3 (a,b,c)', 'a, b', 'FIRST 1 (*)'] as const).map((setting) =>
    [0, 1, 2].map((present) => synchronousLowered(setting, present)),
  )
  expect(lowered).toEqual([
    ['', 'ANY 1 (a, b, c)', 'ANY 2 (a, b, c)'],
    ['', 'FIRST 1 (a,b,c)', 'FIRST 2 (a,b,c)'],
    ['', 'a, b', 'a, b'],
    ['', 'FIRST 1 (*)', 'FIRST 1 (*)'],
  ])
})
