import { expect, test } from 'vitest'
import { cableOf } from '../machine/layout'
import { defaultFleet, withPatroni } from './default'
import { withEc2Herd } from './ec2-herd'
import { checkFleet, parseTopology } from './fleet'
import { largeFleet } from './large'
import { withRdsHerd } from './rds-herd'

test('a topology in one line says who follows whom', () => {
  expect(parseTopology('a > b, c')).toEqual([
    { host: 'a', role: 'primary', upstream: null },
    { host: 'b', role: 'standby', upstream: 'a' },
    { host: 'c', role: 'standby', upstream: 'a' },
  ])
  expect(parseTopology('a > b > c').map((member) => member.upstream)).toEqual([null, 'a', 'b'])
  expect(() => parseTopology('a > ')).toThrow('a host name is missing')
  expect(() => parseTopology('a, b > c')).toThrow('more than one primary')
})

test('the default fleet has three environments, six hosts and four herds, one of them cascading', () => {
  const fleet = defaultFleet(15)
  checkFleet(fleet)
  expect([fleet.environments.length, fleet.hosts.length, fleet.herds.length]).toEqual([3, 6, 4])
  const standbys = fleet.herds.map((herd) => herd.members.filter((member) => member.role === 'standby'))
  expect(standbys.every((some) => some.length === 1 || some.length === 2)).toBe(true)
  expect(standbys.filter((some) => some.some((one) => some.some((other) => other.host === one.upstream)))).toHaveLength(1)
})

test('the EC2 herd of the playground has nothing else on its machines, and its standbys share a name', () => {
  const fleet = withEc2Herd(defaultFleet(15))
  checkFleet(fleet)
  const { members, readersHost } = fleet.herds.find(({ name }) => name === 'prod-shop')!
  expect(readersHost).toBe('shop-readers.prod.db.lab.test')
  for (const { host } of members) {
    expect(fleet.cloud!.machines.filter((machine) => machine.host === host)).toHaveLength(1)
    expect(fleet.herds.flatMap((one) => one.members).filter((member) => member.host === host)).toHaveLength(1)
    expect(fleet.poolers!.some((pooler) => pooler.host === host)).toBe(false)
  }
})

test('the playground’s Patroni cluster has three members and two doors on hosts of their own, of one environment', () => {
  const fleet = withPatroni(defaultFleet(15))
  checkFleet(fleet)
  const { members, doors, environment } = fleet.patroni![0]!
  expect([new Set([...members, ...doors]).size, members.length]).toEqual([5, 3])
  expect(fleet.herds.some((one) => one.members.some(({ host }) => members.includes(host) || doors.includes(host)))).toBe(false)
  fleet.hosts.find(({ name }) => name === doors[0])!.environment = 'prod'
  expect(() => checkFleet(fleet)).toThrow(`stage-door-1 of stage-shop is not a host of ${environment}`)
})

test('a generated fleet is sound and has a place for every host at any size', () => {
  for (const size of [1, 2, 3, 7, 50, 333, 2000]) {
    const fleet = largeFleet(15, size)
    checkFleet(fleet)
    expect(fleet.hosts).toHaveLength(size)
    expect(fleet.herds.flatMap((herd) => herd.members)).toHaveLength(size)
    expect(new Set(fleet.hosts.map((host) => cableOf(host.address))).size).toBe(size)
    expect(fleet.hosts.every((host) => cableOf(host.address).length <= 15)).toBe(true)
  }
  expect(() => largeFleet(15, 0)).toThrow('1 to 2000 hosts')
})

test('a fleet that could not be built is refused with its first fault by name', () => {
  const broken = (change: (fleet: ReturnType<typeof defaultFleet>) => void) => () => {
    const fleet = defaultFleet(15)
    change(fleet)
    checkFleet(fleet)
  }
  const [first, second] = [0, 1]
  expect(broken((fleet) => (fleet.hosts[first]!.name = fleet.hosts[second]!.name))).toThrow('the host dev-ams-2 occurs twice')
  expect(broken((fleet) => (fleet.hosts[first]!.name = 'x; rm'))).toThrow('"x; rm" is not a host name')
  expect(broken((fleet) => (fleet.hosts[first]!.address = '10.0.0.1'))).toThrow('10.0.0.1 of dev-ams-1 is not a free address')
  expect(broken((fleet) => (fleet.hosts[first]!.address = '198.18.0.1'))).toThrow('198.18.0.1 of dev-ams-1 is not a free address')
  expect(broken((fleet) => (fleet.herds[2]!.port = 5432))).toThrow('the cluster name or port prod-ams-2:5432 occurs twice')
  expect(broken((fleet) => (fleet.herds[1]!.members[1]!.host = 'dev-ams-1'))).toThrow('dev-ams-1 of prod-orders is not a host of prod')
  expect(broken((fleet) => (fleet.herds[1]!.members[2]!.upstream = 'nobody'))).toThrow('prod-fra-1 of prod-orders follows nobody')
})

test('the herd on RDS beside them has a primary and a read replica, each a host of its own', () => {
  const fleet = withRdsHerd(withEc2Herd(defaultFleet(15)))
  checkFleet(fleet)
  const { members } = fleet.herds.find(({ name }) => name === 'prod-analytics')!
  expect(members.map(({ host, upstream }) => [host, upstream])).toEqual(fleet.databases!.map(({ host, source }) => [host, source]))
})
