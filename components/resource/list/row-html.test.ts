import { expect, test } from 'vitest'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ListPage } from '@/lib/shapes/list'
import { type RowWriter, rowsHtml } from './row-html'

const fields = {
  title: { name: 'title', label: 'Title', kind: 'text' },
  state: { name: 'state', label: 'State', kind: 'choice', observed: true, choices: [{ value: 'up', label: 'Up & well', tone: 'good' }] },
  herdId: { name: 'herdId', label: 'Herd', kind: 'reference', to: 'herd' },
  port: { name: 'port', label: 'Port', kind: 'port' },
} as unknown as Record<string, FieldDescription>

const data = (columns: string[], rows: Json[][]): ListPage => ({
  columns,
  ids: rows.map((_, index) => `id${index}`),
  rows,
  references: {},
  observedAt: null,
  total: rows.length,
  page: 1,
  perPage: 50,
  facets: null,
})

const writer = (columns: string[], hasActions = false): RowWriter => ({
  columns,
  fields,
  path: 'things',
  hasActions,
  sparklines: { columns: [{ name: 'lagChart', label: 'Lag', metric: 'lagBytes', by: 'highest' }], rows: { id0: { lagChart: [1024] } } },
  context: { zone: 'UTC', environments: {}, pathOf: { herd: 'herds' }, titleOf: (_field, id) => (id === 'h1' ? 'orders <1>' : undefined) },
})

test('a row is whole and escaped, and values that come again are written alike in every row', () => {
  const columns = ['title', 'state', 'herdId', 'port']
  const rows = rowsHtml(
    data(columns, [
      ['a<b', 'up', 'h1', 5432],
      ['', null, 'h2', null],
      ['c', 'up', 'h1', 5432],
    ]),
    writer(columns, true),
  )
  const cells =
    '<td class="o"><span class="st good">Up &amp; well</span></td><td><a href="/herds/h1">orders &lt;1&gt;</a></td><td class="n">5432</td>'
  expect(rows[0]).toBe(
    `<td class="x"><input type="checkbox" aria-label="Select a&lt;b"></td><th scope="row"><a href="/things/id0">a&lt;b</a></th>${cells}`,
  )
  expect(rows[1]).toBe(
    '<td class="x"><input type="checkbox" aria-label="Select "></td><th scope="row"><a href="/things/id1">untitled</a></th>' +
      '<td class="o"></td><td><span class="unseen" title="You may not see this object">not visible</span></td><td class="n"></td>',
  )
  expect(rows[2]).toContain(`<a href="/things/id2">c</a></th>${cells}`)
})

test('charts stand where their column does, and the row is named by its first field', () => {
  const [row] = rowsHtml(data(['title', 'port'], [['a', 5432]]), writer(['lagChart', 'title', 'port']))
  expect(row).toMatch(
    /^<th scope="row"><a href="\/things\/id0">a<\/a><\/th><td class="sp"><svg .*<\/svg>1 kB<\/td><td class="n">5432<\/td>$/,
  )
})

test('columns that the answer does not hold are left out, and a list may have one column or none', () => {
  const rows = data(['herdId'], [['h1']])
  expect(rowsHtml(rows, writer(['herdId', 'port']))).toEqual([
    '<th scope="row"><a href="/herds/h1">orders &lt;1&gt;</a> <a href="/things/id0">open</a></th>',
  ])
  expect(rowsHtml(rows, writer([], true))).toEqual(['<td class="x"><input type="checkbox" aria-label="Select this row"></td>'])
})
