import { expect, test } from 'vitest'
import { judgePooler, type PoolerMember } from './pooler-judge'

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
const judge = (databases: ReturnType<typeof shown>, members = herd, text: string | null = null, serverId = 'front') =>
  judgePooler({ serverId, text }, members, databases)

test('a pooler is right when it leads to the primary by address, by host name, or by the loopback of the primary’s own host', () => {
  expect(judge(shown('10.0.0.1'))).toEqual({ follows: 'right', because: null, wanted: '10.0.0.1:5432' })
  expect(judge(shown('N1')).follows).toBe('right')
  expect(judge(shown(null), herd, null, 'n1').follows).toBe('right')
  expect(judge(shown('127.0.0.1'), herd, null, 'n1').follows).toBe('right')
})

test('a pooler that leads to a standby is stale, and says that nobody writes its file', () => {
  expect(judge(shown('10.0.0.2'))).toMatchObject({
    follows: 'stale',
    because: 'it leads to orders on n2, and its file is not managed by the console',
  })
  expect(judge(shown('localhost'), herd, null, 'n2').follows).toBe('stale')
})

test('one database at the primary is enough for a file of somebody’s own: another may be meant for a standby', () => {
  expect(judge([...shown('10.0.0.2'), ...shown('10.0.0.1')]).follows).toBe('right')
})

test('a managed pooler must show what its file is to say, database by database', () => {
  const text = '[databases]\norders = host=10.0.0.1 port=5432\nreports = host=10.0.0.2\n'
  expect(judge([...shown('10.0.0.1'), { name: 'reports', host: '10.0.0.2', port: 5432 }], herd, text).follows).toBe('right')
  expect(judge([...shown('10.0.0.2'), { name: 'reports', host: '10.0.0.2', port: 5432 }], herd, text)).toMatchObject({
    follows: 'stale',
    because: 'orders leads to 10.0.0.2:5432',
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
