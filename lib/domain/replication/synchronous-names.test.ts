import { expect, test } from 'vitest'
import { synchronousAmong, synchronousCount, synchronousNames } from './synchronous-names'

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
