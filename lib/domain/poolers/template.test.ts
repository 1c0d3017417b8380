import { expect, test } from 'vitest'
import { adoptFile, herdsNamed, notAsWritten, renderTemplate, templateProblems } from './template'

const template = `[databases]
orders = host={{host}} port={{ port }} dbname=orders
reports = host=10.0.0.9 port=5432
[pgbouncer]
listen_port = 6432
; for {{herd}}
`
const about = { herd: 'orders', pooler: 'front' }
const aim = { host: '10.0.0.1', port: 5433, hostname: 'n1' }
const render = (text: string, own = aim) => renderTemplate(text, about, { orders: own })

test('a sound template has no problems, and each word becomes its value', () => {
  expect(templateProblems(template, 6432)).toEqual([])
  const text = render(template)
  expect(text).toContain('orders = host=10.0.0.1 port=5433 dbname=orders')
  expect(text).toContain('; for orders')
})

test.each([
  [
    'an unknown word',
    template.replace('herd', 'hred'),
    '{{hred}} is not known; use {{host}}, {{port}}, {{hostname}}, {{herd}}, {{pooler}}',
  ],
  ['a name of JavaScript’s own', template.replace('herd', 'constructor'), '{{constructor}} is not known'],
  ['nothing that follows', template.replace('{{host}}', '10.0.0.1'), 'nothing in it would follow the primary'],
  [
    'another port than the registered one',
    template.replace('6432', '6433'),
    'listen_port is 6433, and this pooler is registered with port 6432',
  ],
  ['a password', template.replace('dbname', 'password=x dbname'), 'it holds a password'],
  ['a line that PgBouncer cannot read', `${template}oops\n`, 'line 7 is neither a section nor a setting: oops'],
])('%s is refused by name', (_what, bad, problem) => {
  expect(templateProblems(bad, 6432).join('; ')).toContain(problem)
})

test('a value is put in as it is, whatever signs it holds', () => {
  expect(render('{{host}}\n', { ...aim, host: '$& $1 {{port}}' })).toBe('$& $1 {{port}}\n')
})

test('a file of somebody’s own becomes a template that renders to the same bytes, and only lines that point to the primary follow it', () => {
  const own =
    "[databases]\nfoo= host = '10.0.0.1'  port=5433 \n; keep\nbar = dbname=bar host=10.0.0.1 port=5433\nother = host=10.0.0.2 port=5433\n"
  const adopted = adoptFile(own.replace("'10.0.0.1'", '10.0.0.1'), { host: '10.0.0.1', port: 5433 })!
  expect(render(adopted)).toBe(own.replace("'10.0.0.1'", '10.0.0.1'))
  expect(adopted.match(/\{\{host\}\}/g)).toHaveLength(2)
  expect(adopted).toContain('other = host=10.0.0.2 port=5433')
})

test('a line without a port gets one, since the next primary may listen on another', () => {
  expect(adoptFile('[databases]\na = host=10.0.0.1\n', { host: '10.0.0.1', port: 5432 })).toBe(
    '[databases]\na = host={{host}} port={{port}}\n',
  )
})

test('a file in which nothing points to the primary is not managed', () => {
  expect(adoptFile('[databases]\na = host=10.0.0.2\n', { host: '10.0.0.1', port: 5432 })).toBeNull()
})

test('what the pooler shows elsewhere than its file says is named; a star holds for names without a line of their own', () => {
  const text = '[databases]\na = host=10.0.0.1 port=5432\n* = host=10.0.0.1\n'
  const shown = (host: string) => [
    { name: 'a', host, port: 5432 },
    { name: 'b', host: '10.0.0.1', port: 5432 },
  ]
  expect(notAsWritten(text, shown('10.0.0.1'))).toEqual([])
  expect(notAsWritten(text, shown('10.0.0.2'))).toEqual([
    { name: 'a', should: { host: '10.0.0.1', port: 5432 }, is: { host: '10.0.0.2', port: 5432 } },
  ])
  expect(notAsWritten(text, [])).toEqual([{ name: 'a', should: { host: '10.0.0.1', port: 5432 }, is: null }])
})

const shared = `[databases]
orders = host={{host}} port={{port}}
crm = host={{host:crm}} port={{ port: crm }}
`
const crm = { host: '10.0.1.1', port: 5434, hostname: 'c1' }

test('a template that serves several herds names them, and each word becomes the value of its own herd', () => {
  expect(herdsNamed(shared, 'orders')).toEqual(['orders', 'crm'])
  expect(templateProblems(shared, 6432, ['orders', 'crm'])).toEqual([])
  expect(renderTemplate(shared, about, { orders: aim, crm })).toBe(
    '[databases]\norders = host=10.0.0.1 port=5433\ncrm = host=10.0.1.1 port=5434\n',
  )
  expect(renderTemplate(shared, about, { orders: aim })).toContain('crm = host={{host:crm}} port={{ port: crm }}')
})

test.each([
  ['a herd that is not of the environment', shared.replaceAll('crm}}', 'mrc}}'), '{{host:mrc}} names no herd of its environment'],
  ['a line of two herds', shared.replace('{{port}}', '{{port:crm}}'), 'line 2 points to orders and crm: give each herd a line of its own'],
  ['a herd’s name after a word that leads nowhere', shared.replace('{{host:crm}}', '{{pooler:crm}}'), '{{pooler:crm}} is not known'],
  ['an empty name', shared.replace('{{host:crm}}', '{{host:}}'), '{{host:}} is not known'],
])('%s is refused by name', (_what, bad, problem) => {
  expect(templateProblems(bad, 6432, ['orders', 'crm']).join('; ')).toContain(problem)
})

test('a file of several herds is adopted herd by herd, and renders to the same bytes', () => {
  const own = '[databases]\norders = host=10.0.0.1 port=5433\ncrm = dbname=crm host=10.0.1.1 port=5434\n'
  const adopted = adoptFile(adoptFile(own, aim)!, crm, 'crm')!
  expect(adopted).toContain('crm = dbname=crm host={{host:crm}} port={{port:crm}}')
  expect(renderTemplate(adopted, about, { orders: aim, crm })).toBe(own)
})
