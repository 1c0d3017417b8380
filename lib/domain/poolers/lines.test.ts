import { expect, test } from 'vitest'
import { databaseHerds, leadLines, partLines } from './lines'

const template = `[databases]
orders = host={{host}} port={{port}} dbname=orders
crm = host={{host:crm}} port={{port:crm}}
; {{herd}} and others, by {{pooler}}
fixed = host=10.0.0.9
`
const file = `[databases]
orders = host=10.0.0.1 port=5432 dbname=orders
crm = host=10.0.1.1 port=5433
; orders and others, by front
fixed = host=10.0.0.9
`
const part = (herd: string) => ({ template, about: { pooler: 'front', herd: 'orders' }, herd })
const next = { host: '10.0.0.2', port: 5442, hostname: 'n2' }

test('only the lines of the herd that moves change; those of another one stay, wherever they point by then', () => {
  const moved = file.replace('host=10.0.0.1 port=5432', 'host=10.0.0.2 port=5442')
  expect(leadLines(file, part('orders'), next)).toBe(moved)
  const meanwhile = file.replace('10.0.1.1', '10.0.1.2')
  expect(leadLines(meanwhile, part('orders'), next)).toBe(moved.replace('10.0.1.1', '10.0.1.2'))
  expect(leadLines(leadLines(file, part('orders'), next)!, part('crm'), next)).toBe(
    leadLines(leadLines(file, part('crm'), next)!, part('orders'), next),
  )
})

test.each([
  ['a line more', `${file}more = host=10.0.0.3\n`],
  ['a line less', file.replace('fixed = host=10.0.0.9\n', '')],
  ['another word in a line that moves', file.replace('dbname=orders', 'dbname=other')],
  ['another word in a line that does not', file.replace('10.0.0.9', '10.0.0.8')],
  ['two words where one belongs', file.replace('10.0.1.1', '10.0.1.1 user=x')],
])('a file with %s is not what its template makes', (_what, text) => {
  expect(leadLines(text, part('orders'), next)).toBeNull()
})

test('the lines of each herd, and whose each database is', () => {
  expect(partLines(part('crm'))).toEqual({ own: [2], foreign: [1] })
  expect(partLines(part('orders'))).toEqual({ own: [1], foreign: [2] })
  expect([...databaseHerds(part('crm'))]).toEqual([
    ['orders', 'orders'],
    ['crm', 'crm'],
    ['fixed', null],
  ])
})
