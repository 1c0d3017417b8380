import { describe, expect, test } from 'vitest'
import { judgeCaches, judgeName, type ServerAnswer } from './judge'
import { isIpv4, isIpv6, plainValue, recordSet, sameRecords } from './records'
import { type DeclaredName, type NameTarget, wantedRecords } from './wanted'

const title = 'orders.prod.test'
const name = (over: Partial<DeclaredName> = {}): DeclaredName => ({
  title,
  type: 'CNAME',
  follows: 'primary',
  carries: 'hostname',
  hostDomain: 'prod.test',
  ttlSeconds: 60,
  ...over,
})
const member = (hostname: string, role: NameTarget['role'], over: Partial<NameTarget> = {}): NameTarget => ({
  title: `orders on ${hostname}`,
  hostname,
  address: `10.0.0.${hostname.slice(1)}`,
  role,
  isOnline: true,
  ...over,
})
const members = [member('h1', 'primary'), member('h2', 'standby'), member('h3', 'standby')]
const says = (server: string, host: string | null, over: Partial<ServerAnswer> = {}): ServerAnswer => ({
  server,
  isAuthoritative: true,
  code: host === null ? 'NXDOMAIN' : 'NOERROR',
  records: host === null ? [] : [recordSet(title, 'CNAME', [`${host}.prod.test`], 60)],
  ...over,
})

describe('what a name should be', () => {
  test.each([
    [name(), ['h1.prod.test']],
    [name({ type: 'A', carries: 'address' }), ['10.0.0.1']],
    [name({ type: 'A', carries: 'address', follows: 'standbys' }), ['10.0.0.2', '10.0.0.3']],
    [name({ type: 'A', carries: 'address', follows: 'members' }), ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
    [name({ hostDomain: '' }), ['h1']],
  ])('%o', (declared, values) => {
    expect(wantedRecords(declared, members)).toMatchObject({ records: [{ values }] })
  })

  test('a host name with a dot is whole and is not doubled', () => {
    expect(wantedRecords(name(), [member('db1.example.com', 'primary')])).toMatchObject({ records: [{ values: ['db1.example.com'] }] })
  })

  test.each([
    [name(), [member('h1', 'primary', { isOnline: false }), member('h2', 'standby')], 'no primary of the herd is seen online'],
    [name(), [member('h1', 'primary'), member('h2', 'primary')], 'both are primaries'],
    [name({ follows: 'members' }), members, 'a CNAME points to one host only'],
    [name({ type: 'AAAA', carries: 'address' }), members, 'is no IPv6 address'],
    [name({ carries: 'address' }), members, 'is an address, and an alias needs a host name'],
  ])('%#: it says why it cannot be told', (declared, seen, because) => {
    expect(wantedRecords(declared, seen)).toMatchObject({ because: expect.stringContaining(because) })
  })
})

describe('whether it is', () => {
  test('right where every server that answers says so; one that is silent accuses nobody', () => {
    expect(judgeName(name(), members, [says('ns1', 'h1'), says('ns2', 'h1')])).toMatchObject({ state: 'right', because: null })
    const silent = says('ns2', null, { isAuthoritative: false, code: 'timeout' })
    expect(judgeName(name(), members, [says('ns1', 'h1'), silent]).state).toBe('right')
  })

  test('wrong with both facts, and with the server where only one is', () => {
    expect(judgeName(name(), members, [says('ns1', 'h2'), says('ns2', 'h2')])).toEqual({
      state: 'wrong',
      because: 'DNS says CNAME h2.prod.test for 60 s; it should be CNAME h1.prod.test for 60 s',
      answer: 'CNAME h2.prod.test for 60 s',
      wanted: 'CNAME h1.prod.test for 60 s',
    })
    expect(judgeName(name(), members, [says('ns1', 'h1'), says('ns2', null)]).because).toContain('ns2 says nothing')
  })

  test('unknown without a server that answers, or without a primary', () => {
    expect(judgeName(name(), members, [says('ns1', null, { isAuthoritative: false, code: 'REFUSED' })])).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('ns1: REFUSED'),
    })
    expect(judgeName(name(), [], [says('ns1', 'h1')])).toMatchObject({ state: 'unknown', answer: 'CNAME h1.prod.test for 60 s' })
  })
})

test('records are the same whatever the order, the case and the way an address is written', () => {
  expect(
    sameRecords([recordSet('A.test.', 'A', ['10.0.0.2', '10.0.0.1'], 5)], [recordSet('a.test', 'A', ['10.0.0.1', '10.0.0.2'], 5)]),
  ).toBe(true)
  expect(plainValue('AAAA', '2001:DB8:0:0::1')).toBe('2001:db8::1')
  expect(plainValue('CNAME', 'DB1.Example.COM.')).toBe('db1.example.com')
  expect([isIpv4('10.0.0.256'), isIpv4('1.2.3'), isIpv4('10.0.0.1'), isIpv6('::1'), isIpv6('10.0.0.1'), isIpv6('g::1')]).toEqual([
    false,
    false,
    true,
    true,
    false,
    false,
  ])
})

test('a resolver that still gives the old answer is named with how long it may; one that counts the new one down, or does not answer, is not', () => {
  const of = (server: string, host: string, ttlSeconds: number) =>
    says(server, host, { isAuthoritative: false, records: [recordSet(title, 'CNAME', [`${host}.prod.test`], ttlSeconds)] })
  const gone = says('r3', null, { isAuthoritative: false, code: 'SERVFAIL' })
  expect(judgeCaches(name(), members, [of('r1', 'h2', 34), of('r2', 'h1', 12), gone])).toBe(
    'the resolver r1 still says CNAME h2.prod.test for 34 s',
  )
  expect(judgeCaches(name(), members, [of('r2', 'h1', 12), gone])).toBeNull()
})
