import { describe, expect, test } from 'vitest'
import { awaitedWithout, type OwnCluster, relationToOwn, type ServerBeside, wayToOwn } from './own-cluster'

const own: OwnCluster = {
  systemIdentifier: '7001',
  startedAt: '2026-03-01T10:00:00.000Z',
  doors: [{ host: 'db.example', port: 5432 }],
  from: null,
  herds: ['console'],
  synchronousNames: '',
  standbys: [],
}
const server: ServerBeside = {
  hosts: ['10.0.0.1', 'n1'],
  port: 5432,
  systemIdentifier: '7001',
  isDown: false,
  role: 'primary',
  startedAt: '2026-03-01T10:00:00.000Z',
}

describe('what a server is to the cluster of the console’s own database', () => {
  test.each<[string, Partial<ServerBeside>, Partial<OwnCluster>, string]>([
    ['the primary that the console writes to is itself', {}, {}, 'itself'],
    ['one of that cluster whose role nobody knows cannot be told from it', { role: 'unknown', startedAt: null }, {}, 'itself'],
    ['one that does not say when it started cannot be told from it', { startedAt: null }, {}, 'itself'],
    ['another primary with its identifier is a copy', { startedAt: '2026-03-02T10:00:00.000Z' }, {}, 'copy'],
    ['a standby of it', { role: 'standby' }, {}, 'standby'],
    ['a member of it that is down', { isDown: true, role: 'unknown' }, {}, 'down'],
    [
      'another identifier is another cluster, also where the address is the same',
      { systemIdentifier: '7002', hosts: ['db.example'] },
      {},
      'elsewhere',
    ],
    ['without the server’s identifier nothing is known', { systemIdentifier: null }, {}, 'unknown'],
    ['without the console’s identifier nothing is known', {}, { systemIdentifier: null }, 'unknown'],
    [
      'without an identifier the same address and port are never called safe',
      { systemIdentifier: null, hosts: ['db.example'] },
      {},
      'door',
    ],
    ['the same host on another port is another server', { systemIdentifier: null, hosts: ['db.example'], port: 5433 }, {}, 'unknown'],
  ])('%s', (_, change, ownChange, expected) => {
    expect(relationToOwn({ ...own, ...ownChange }, { ...server, ...change })).toBe(expected)
  })
})

describe('the standbys that the console’s own commits wait for', () => {
  const two = [
    { name: 'b', address: '10.0.0.2' },
    { name: 'c', address: '10.0.0.3' },
  ]
  const without = (synchronousNames: string, standbys: OwnCluster['standbys'], host: string) =>
    awaitedWithout({ ...own, synchronousNames, standbys }, [host])

  test('none are needed where commits wait for nobody', () => {
    expect(without('', two, '10.0.0.2').needed).toBe(0)
  })

  test('one that is asynchronous is not missed, and the synchronous one is', () => {
    expect(without('b', two, '10.0.0.3')).toEqual({ needed: 1, left: 1 })
    expect(without('b', two, '10.0.0.2')).toEqual({ needed: 1, left: 0 })
    expect(without('ANY 1 (b, c)', two, '10.0.0.2')).toEqual({ needed: 1, left: 1 })
  })

  test('a server that cannot be told among them may be any of them', () => {
    expect(without('b', two, '192.168.7.1')).toEqual({ needed: 1, left: 0 })
    expect(without('b', [{ name: 'b', address: null }], '10.0.0.2')).toEqual({ needed: 1, left: 0 })
    expect(without('b', null, '10.0.0.3')).toEqual({ needed: 1, left: 0 })
  })
})

describe('whether the console’s own connection goes through a pooler', () => {
  const pooler = { hosts: ['10.0.0.9', 'front'], port: 6432, herds: ['console', 'shop'] }
  const server = { host: '10.0.0.1', port: 5432 }
  const through = (host: string, port: number) => wayToOwn({ ...own, doors: [{ host, port }, server] }, pooler)

  test('where DATABASE_URL names it, whatever it is in front of', () => {
    expect(through('front', 6432)).toBe('named')
    expect(wayToOwn({ ...own, doors: [{ host: 'front', port: 6432 }] }, { ...pooler, herds: [] })).toBe('named')
  })
  test('where it is in front of that cluster, at the port of DATABASE_URL: a host has many names', () => {
    expect(through('pool.example', 6432)).toBe('likely')
    expect(through('localhost', 6432)).toBe('likely')
    expect(wayToOwn({ ...own, from: '10.0.0.9', doors: [{ host: 'pool.example', port: 6432 }, server] }, pooler)).toBe('likely')
  })
  test('is not known where something else than the server is named', () => {
    expect(wayToOwn({ ...own, from: '10.0.0.8', doors: [{ host: 'pool.example', port: 6432 }, server] }, pooler)).toBe('unknown')
    expect(through('pool.example', 7000)).toBe('unknown')
    expect(wayToOwn({ ...own, doors: [{ host: '/run', port: 7000 }] }, pooler)).toBe('unknown')
  })
  test('not where the server itself is named, nor through the pooler of other herds', () => {
    expect(through('db.example', 5432)).toBe('elsewhere')
    expect(wayToOwn({ ...own, doors: [{ host: 'pool.example', port: 6432 }, server] }, { ...pooler, herds: ['shop'] })).toBe('elsewhere')
  })
})
