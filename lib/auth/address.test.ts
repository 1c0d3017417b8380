import { expect, test } from 'vitest'
import { addressOf, networkOf } from './address'

test('one IPv6 network is counted once, however its addresses are written; IPv4 addresses each', () => {
  for (const same of ['2001:db8:1:2::1', '2001:0db8:0001:0002:ffff::', '2001:DB8:1:2:3:4:5:6', '2001:db8:1:2:0:0:0:9%eth0'])
    expect(networkOf(same)).toBe('2001:db8:1:2::/64')
  expect(networkOf('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('2001:db8::')).toBe('2001:db8:0:0::/64')
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
  expect([networkOf(null), networkOf('nonsense')]).toEqual(['unknown', 'unknown'])
})

test('what a client writes into X-Forwarded-For does not change whom it is counted as', () => {
  const from = (list: string, proxies: number) => addressOf(new Headers({ 'x-forwarded-for': list }), proxies)
  expect(from('6.6.6.6, 192.0.2.1', 0)).toBe('192.0.2.1')
  expect(from('6.6.6.6, 192.0.2.1, 10.0.0.1', 1)).toBe('192.0.2.1')
  expect(from('::ffff:192.0.2.1', 0)).toBe('192.0.2.1')
})
