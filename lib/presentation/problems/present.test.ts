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
    observedAt: null,
    total: 1,
  }
  expect(shown({ names: [name] })).toMatchObject([
    {
      kind: 'name-wrong',
      severity: 0,
      title: '1 DNS name points at the wrong server',
      items: [{ detail: 'the answer is CNAME h2, and should be CNAME h1', next: { href: '/names/run/refresh-dns?ids=n' } }],
    },
  ])
})

test('a split brain leads to where either primary can be demoted', () => {
  const [problem] = shown({ herds: [herdOf('torn', { primaries: 2 })] })
  expect(problem!.items[0]!.next).toEqual({ label: 'Choose which to demote', href: '/herds/torn' })
})

test('a herd whose members cannot be seen says that it is not known', () => {
  const [problem] = shown({ herds: [herdOf('dark', { primaries: 0, primaryIdentifiers: 0, online: 0, unseen: 3 })] })
  expect(problem!.items[0]!.detail).toContain('is not known')
})

test('a plan for approval leads to the plan, by the path of its resource', () => {
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
