import { expect, test } from 'vitest'
import type { ListPage } from '@/lib/shapes/list'
import { changedIds, isSameOrder, mergeInPlace } from './merge'

const page = (ids: string[], states: string[], columns = ['title', 'state']): ListPage => ({
  columns,
  ids,
  rows: ids.map((id, index) => columns.map((name) => (name === 'title' ? `t-${id}` : states[index]!))),
  references: { herdId: Object.fromEntries(ids.map((id) => [id, `herd of ${id}`])) },
  observedAt: ids.map(() => '2026-01-01T00:00:00Z'),
  total: ids.length,
  page: 1,
  perPage: 50,
  facets: null,
})

test('a refresh under the pointer changes values and moves no row', () => {
  const shown = page(['a', 'b', 'c'], ['online', 'online', 'online'])
  const merged = mergeInPlace(shown, page(['c', 'd', 'a'], ['stopped', 'online', 'crashed']))
  expect(merged.ids).toEqual(['a', 'b', 'c'])
  expect(merged.rows).toEqual([
    ['t-a', 'crashed'],
    ['t-b', 'online'],
    ['t-c', 'stopped'],
  ])
  expect(merged.references.herdId).toMatchObject({ a: 'herd of a', b: 'herd of b', d: 'herd of d' })
})

test('columns that arrive in another order land in their own column', () => {
  const shown = page(['a'], ['online'])
  expect(mergeInPlace(shown, page(['a'], ['stopped'], ['state', 'title'])).rows).toEqual([['t-a', 'stopped']])
})

test('order and change are told apart', () => {
  expect(isSameOrder(page(['a', 'b'], ['x', 'y']), page(['a', 'b'], ['z', 'y']))).toBe(true)
  expect(isSameOrder(page(['a', 'b'], ['x', 'y']), page(['b', 'a'], ['y', 'x']))).toBe(false)
  expect(
    changedIds(
      new Map([
        ['a', '<td>1'],
        ['b', '<td>2'],
      ]),
      ['a', 'b', 'c'],
      ['<td>1', '<td>3', '<td>4'],
    ),
  ).toEqual(['b'])
})
