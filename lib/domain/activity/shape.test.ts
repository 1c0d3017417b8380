import { expect, test } from 'vitest'
import { statementShape } from './shape'

test.each([
  ["update orders set state = 'paid', total = 12.50 where id = 4711", 'update orders set state = ?, total = ? where id = ?'],
  ['select t1.a2 from t1 where "col 3" = 3', 'select t1.a2 from t1 where "col 3" = ?'],
  ["select E'it\\'s 5', $tag$a 'b'$tag$ -- note 7\n, $1", 'select E?, ? , $1'],
  ["insert into people values ('O''Brien', -1e10)", 'insert into people values (?, -?)'],
  ["select 'cut in the mid", 'select ?'],
])('the shape of a statement holds no value of it: %s', (sql, shape) => {
  expect(statementShape(sql)).toBe(shape)
})

test('a long statement is cut, on one line', () => {
  expect(statementShape(`select\n${'a, '.repeat(200)}b`)).toMatch(/^select a, .{150,}…$/)
  expect(statementShape(`select ${'a, '.repeat(200)}b`, 50)).toHaveLength(50)
})
