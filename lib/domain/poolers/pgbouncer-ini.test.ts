import { expect, test } from 'vitest'
import { databaseLines, parseIni, sayAims } from './pgbouncer-ini'

const file = `;; by hand
[databases]
orders = host=10.0.0.1 port=5433 dbname=orders
"odd ""name""" = host='10.0.0.2' password='it''s = host=9'
local = dbname=other
* = host=10.0.0.1
# no setting = here
[pgbouncer]
%include /etc/pgbouncer/more.ini
listen_port = 6432
pool_mode = session
pool_mode = transaction
`

test('databases are read as PgBouncer reads them: quoted names and values, the usual port, sockets, and the star', () => {
  expect(databaseLines(file)).toEqual([
    { name: 'orders', host: '10.0.0.1', port: 5433, line: 2 },
    { name: 'odd "name"', host: '10.0.0.2', port: 5432, line: 3 },
    { name: 'local', host: null, port: 5432, line: 4 },
    { name: '*', host: '10.0.0.1', port: 5432, line: 5 },
  ])
})

test('settings are read in their order, and a comment and an include are no problem', () => {
  const { settings, problems } = parseIni(file)
  expect(settings.filter(({ key }) => key === 'pool_mode').map(({ value }) => value)).toEqual(['session', 'transaction'])
  expect(problems).toEqual([])
})

test('a line that is nothing is named by its number', () => {
  expect(parseIni('[databases]\nwhat is this\n').problems).toEqual(['line 2 is neither a section nor a setting: what is this'])
})

test('an address is listed once, however many databases point there', () => {
  expect(sayAims(databaseLines(file))).toBe('10.0.0.1:5433, 10.0.0.2:5432, unix socket:5432, 10.0.0.1:5432')
})
