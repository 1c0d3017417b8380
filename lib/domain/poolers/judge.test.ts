import { expect, test } from 'vitest'
import { databasesOf, judgePooler, type PoolerMember } from './judge'

const member = (host: string, over: Partial<PoolerMember> = {}): PoolerMember => ({
  title: `orders on ${host}`,
  hostname: host,
  address: `10.0.0.${host.slice(1)}`,
  port: 5432,
  serverId: host,
  isPrimary: false,
  isOnline: true,
  ...over,
})
const herd = [member('n1', { isPrimary: true }), member('n2')]
const shown = (host: string | null, port = 5432) => [{ name: 'orders', host, port }]
const partOf = (template: string, name = 'orders') => ({ template, about: { pooler: 'front', herd: 'orders' }, herd: name })
const judge = (databases: ReturnType<typeof shown>, members = herd, template: string | null = null, serverId = 'front') =>
  judgePooler({ serverId, part: template === null ? null : partOf(template) }, members, databases)

test('a pooler is right when it points to the primary by address, by host name, or by the loopback of the primary’s own host', () => {
  expect(judge(shown('10.0.0.1'))).toEqual({ follows: 'right', because: null, wanted: '10.0.0.1:5432' })
  expect(judge(shown('N1')).follows).toBe('right')
  expect(judge(shown(null), herd, null, 'n1').follows).toBe('right')
  expect(judge(shown('127.0.0.1'), herd, null, 'n1').follows).toBe('right')
})

test('a pooler that points to a standby is stale, and says that its file is not managed', () => {
  expect(judge(shown('10.0.0.2'))).toMatchObject({
    follows: 'stale',
    because: 'it points to orders on n2, and its file is not managed by the console',
  })
  expect(judge(shown('localhost'), herd, null, 'n2').follows).toBe('stale')
})

test('one database at the primary is enough for a file of somebody’s own: another may be meant for a standby', () => {
  expect(judge([...shown('10.0.0.2'), ...shown('10.0.0.1')]).follows).toBe('right')
})

test('a managed pooler must show what its file is to say, database by database', () => {
  const text = '[databases]\norders = host={{host}} port={{port}}\nreports = host=10.0.0.2\n'
  expect(judge([...shown('10.0.0.1'), { name: 'reports', host: '10.0.0.2', port: 5432 }], herd, text).follows).toBe('right')
  expect(judge([...shown('10.0.0.2'), { name: 'reports', host: '10.0.0.2', port: 5432 }], herd, text)).toMatchObject({
    follows: 'stale',
    because: 'orders points to 10.0.0.2:5432',
  })
})

test('nothing is said without exactly one primary that was lately seen, nor of a name that DNS decides', () => {
  expect(judge(shown('10.0.0.1'), [member('n1', { isPrimary: true, isOnline: false })])).toMatchObject({ follows: 'unknown', wanted: null })
  expect(judge(shown('10.0.0.1'), [member('n1', { isPrimary: true }), member('n2', { isPrimary: true })])).toMatchObject({
    follows: 'unknown',
    because: 'orders on n1 and orders on n2 both answer as primary',
  })
  expect(judge(shown('orders.example.com')).follows).toBe('unknown')
  expect(judge(shown('10.0.0.1', 5433)).follows).toBe('unknown')
})

const crm = [member('n7', { isPrimary: true }), member('n8')]
const both = (orders: string, its: string) => [...shown(orders), { name: 'crm', host: its, port: 5432 }]

test('each herd of a pooler is judged by its own databases: what another one’s primary does makes it neither right nor stale', () => {
  const template = '[databases]\norders = host={{host}} port={{port}}\ncrm = host={{host:crm}} port={{port:crm}}\n'
  const judgeBoth = (databases: ReturnType<typeof shown>, text: string | null) =>
    [herd, crm].map((members, index) => {
      const part = text === null ? null : partOf(text, index === 0 ? 'orders' : 'crm')
      return judgePooler({ serverId: 'front', part }, members, databases).follows
    })
  for (const text of [template, null]) {
    expect(judgeBoth(both('10.0.0.1', '10.0.0.7'), text)).toEqual(['right', 'right'])
    expect(judgeBoth(both('10.0.0.2', '10.0.0.7'), text)).toEqual(['stale', 'right'])
    expect(judgeBoth(both('10.0.0.1', '10.0.0.8'), text)).toEqual(['right', 'stale'])
  }
})

test('a herd that a managed file serves by an address is watched, and says that its template does not name it', () => {
  const template = '[databases]\norders = host={{host}} port={{port}}\ncrm = host=10.0.0.8 port=5432\n'
  expect(judgePooler({ serverId: 'front', part: partOf(template, 'crm') }, crm, both('10.0.0.1', '10.0.0.8'))).toMatchObject({
    follows: 'stale',
    because: 'it points to orders on n8, and its template does not name the herd',
  })
})

test('a database belongs to the herd that its line names; where that names none, to the herd of the member that it points to', () => {
  const template = '[databases]\norders = host={{host}}\nold = host=10.0.0.7 port=5432\n* = host={{host:crm}}\n'
  const databases = ['orders', 'old', 'any'].map((name) => ({ name, host: '10.0.0.7', port: 5432 }))
  const namesOf = (name: string, members: readonly PoolerMember[], part = partOf(template, name)) =>
    databasesOf(part, 'front', members, databases).map((one) => one.name)
  expect([namesOf('orders', herd), namesOf('crm', crm)]).toEqual([['orders'], ['old', 'any']])
  expect(databasesOf(null, 'front', crm, databases)).toHaveLength(3)
})
