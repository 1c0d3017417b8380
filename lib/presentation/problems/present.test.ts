import { expect, test } from 'vitest'
import type { FleetFacts } from '@/lib/domain/problems/fleet'
import { fleetOf, herdOf } from '@/lib/domain/problems/fleet.fixture'
import { paths } from './paths.fixture'
import { presentProblems } from './present'

const shown = (over: Partial<FleetFacts>) => presentProblems(fleetOf(over), paths)

test('a name at the wrong server comes with both facts and with its repair', () => {
  const name = {
    id: 'n',
    name: 'orders.prod.test',
    environmentId: 'e',
    because: null,
    answer: 'CNAME h2',
    wanted: 'CNAME h1',
    seenAt: '2026-03-01T11:59:58.000Z',
    total: 1,
  }
  expect(shown({ names: [name] })).toMatchObject([
    {
      kind: 'name-wrong',
      severity: 0,
      title: '1 DNS name points to the wrong server',
      items: [
        { detail: 'the answer is CNAME h2, and should be CNAME h1', seenAt: name.seenAt, next: { href: '/names/run/refresh-dns?ids=n' } },
      ],
    },
  ])
})

test('a critical finding says whose it is, how bad, and how many there are more, and links to its remedy', () => {
  const finding = {
    ...{ id: 'h', name: 'orders', environmentId: 'prod', kind: 'slot', check: 'Replication slots', count: 3, member: 'orders on ams-1' },
    ...{ object: 'left', shown: '30 GB', since: '2026-03-01T11:00:00.000Z', seenAt: '2026-03-01T11:30:00.000Z', total: 1 },
  }
  expect(shown({ health: [finding] })).toMatchObject([
    {
      severity: 1,
      title: '1 health check found something critical',
      href: '/herds?health=critical',
      items: [
        {
          key: 'h slot',
          label: 'orders: Replication slots',
          detail: 'orders on ams-1, left: 30 GB, and 2 more',
          next: { label: 'See the remedy', href: '/herds/h/health' },
        },
      ],
    },
  ])
})

test('a split brain links to where either primary can be demoted', () => {
  const [problem] = shown({ herds: [herdOf('torn', { primaries: 2 })] })
  expect(problem!.items[0]!.next).toEqual({ label: 'Choose which to demote', href: '/herds/torn' })
})

test('a herd whose members cannot be seen says that it is not known', () => {
  const [problem] = shown({ herds: [herdOf('dark', { primaries: 0, primaryIdentifiers: 0, online: 0, unseen: 3 })] })
  expect(problem!.items[0]!.detail).toContain('is not known')
})

test('a plan for approval links to the plan, by the path of its resource', () => {
  const plan = {
    planId: 'p',
    title: 'Restart',
    actorName: 'otto',
    isOwn: false,
    resource: 'instance',
    operation: 'restart',
    eligible: 3,
    environmentIds: [],
    at: '',
  }
  expect(shown({ approvals: [plan] })[0]!.items[0]!.href).toBe('/instances/run/restart?plan=p')
})

test('what stands in the inbox is counted in its heading, and not listed', () => {
  expect(shown({ discovered: { hosts: 2, instances: 1, poolers: 0 } })).toMatchObject([
    { title: '2 hosts and 1 instance wait in the discovery inbox', href: '/discovery', items: [] },
  ])
})

test('a herd that lost its primary offers its best candidate, with its lag, and since when', () => {
  const lost = herdOf('orders', {
    primaries: 0,
    primaryIdentifiers: 0,
    online: 2,
    lostAt: '2026-03-01T11:55:48.000Z',
    successor: { title: 'orders on ams-2', lagBytes: 16_384 },
  })
  expect(shown({ herds: [lost] })[0]).toMatchObject({
    title: '1 herd has no writable primary',
    items: [
      {
        detail: '2 of 3 members online, none of them a primary; best candidate: orders on ams-2, 16 kB behind the last known position',
        since: '2026-03-01T11:55:48.000Z',
        next: { label: 'Fail over…', href: '/dr-pairs/run/failover?ids=orders' },
      },
    ],
  })
  const [hopeless] = shown({ herds: [{ ...lost, successor: null }] })
  expect(hopeless!.items[0]).not.toHaveProperty('next')
  expect(hopeless!.items[0]!.detail).toContain('no standby can take over')
})

test('a server that does not answer names what is on it, in one line', () => {
  const server = {
    id: 's',
    hostname: 'ams-1',
    environmentId: 'prod',
    trouble: 'unreachable' as const,
    because: 'connection timed out',
    since: null,
    instances: ['orders on ams-1', 'pay on ams-1', 'crm on ams-1', 'web on ams-1'],
    poolers: 1,
    total: 1,
  }
  expect(shown({ servers: [server] }).map(({ items }) => items.map(({ detail }) => detail))).toEqual([
    ['connection timed out; on it, state not known: 4 instances (orders on ams-1, pay on ams-1, crm on ams-1 and 1 more), 1 pooler'],
  ])
})

test('a standby whose replay is paused says so, with what it has not replayed', () => {
  const paused = {
    id: 'i',
    title: 'orders on ams-2',
    environmentId: 'prod',
    trouble: 'replay-paused' as const,
    state: 'online',
    because: null,
    lagBytes: 12_582_912,
    lagSeconds: null,
    since: null,
    total: 1,
  }
  expect(shown({ instances: [paused] })).toMatchObject([
    { title: '1 standby has replay paused', href: '/instances?isReplayPaused=true', items: [{ detail: 'replay paused, 12 MB behind' }] },
  ])
})
