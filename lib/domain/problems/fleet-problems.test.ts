import { describe, expect, test } from 'vitest'
import type { FleetFacts, FleetHerd } from './fleet'
import { fleetProblems, herdSeverity } from './fleet-problems'

const herd = (name: string, over: Partial<FleetHerd> = {}): FleetHerd => ({
  id: name,
  name,
  environmentId: 'prod',
  members: 3,
  online: 3,
  primaries: 1,
  primaryIdentifiers: 1,
  unseen: 0,
  troubles: {},
  lagBytesMax: 0,
  ...over,
})
const facts = (over: Partial<FleetFacts> = {}): FleetFacts => ({
  at: '2026-01-01T00:00:00Z',
  environments: [],
  herds: [herd('fine')],
  instances: [],
  servers: [],
  replication: [],
  names: [],
  poolers: [],
  attention: [],
  runs: [],
  approvals: [],
  expiring: [],
  locks: [],
  scheduled: [],
  acknowledged: [],
  discovered: { hosts: 0, instances: 0, poolers: 0 },
  workers: 1,
  ...over,
})

describe('what needs a person', () => {
  test('a healthy fleet needs nobody', () => {
    expect(fleetProblems(facts())).toEqual([])
  })

  test('a name that leads elsewhere comes with both facts and with its repair', () => {
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
    expect(fleetProblems(facts({ names: [name] }))).toMatchObject([
      {
        kind: 'name-wrong',
        severity: 0,
        title: '1 DNS name leads elsewhere than it should',
        items: [{ detail: 'it is CNAME h2, and should be CNAME h1', next: { href: '/names/run/refresh-dns?ids=n' } }],
      },
    ])
  })

  test('worst first: split brain and herds without a primary before lag, lag before a pending restart', () => {
    const problems = fleetProblems(
      facts({
        herds: [
          herd('restart', { troubles: { 'pending-restart': 2 } }),
          herd('lag', { troubles: { lagging: 1 } }),
          herd('down', { primaries: 0, primaryIdentifiers: 0, online: 2, troubles: { down: 1 } }),
          herd('torn', { primaries: 2 }),
        ],
      }),
    )
    expect(problems[0]!.items[0]!.next).toMatchObject({ label: 'Choose which to demote', href: `/herds/${problems[0]!.items[0]!.key}` })
    expect(problems.map((problem) => [problem.kind, problem.total])).toEqual([
      ['split-brain', 1],
      ['no-primary', 1],
      ['down', 1],
      ['lagging', 1],
      ['pending-restart', 2],
    ])
  })

  test('a herd whose members cannot be looked at says that it is not known', () => {
    const [problem] = fleetProblems(facts({ herds: [herd('dark', { primaries: 0, primaryIdentifiers: 0, online: 0, unseen: 3 })] }))
    expect(problem!.items[0]!.detail).toContain('is not known')
  })

  test('primaries of different systems are not called a split brain', () => {
    expect(
      fleetProblems(facts({ herds: [herd('mixed', { primaries: 2, primaryIdentifiers: 2 })] })).map((problem) => problem.kind),
    ).toEqual(['foreign'])
  })

  test('a fleet without a worker says so before anything else; an empty console does not', () => {
    expect(fleetProblems(facts({ workers: 0 }))[0]!.kind).toBe('no-worker')
    expect(fleetProblems(facts({ workers: 0, herds: [] }))).toEqual([])
  })

  test('one’s own plan does not ask for one’s own approval', () => {
    const plan = {
      planId: 'p',
      title: 'Restart',
      actorName: 'otto',
      isOwn: true,
      resource: 'instance',
      operation: 'restart',
      eligible: 3,
      environmentIds: [],
      at: '',
    }
    expect(fleetProblems(facts({ approvals: [plan] }))).toEqual([])
    expect(fleetProblems(facts({ approvals: [{ ...plan, isOwn: false }] }))[0]!.items[0]!.href).toBe('/instances/run/restart?plan=p')
  })

  test('a herd’s tile wears its worst problem', () => {
    expect(herdSeverity(herd('x'))).toBeNull()
    expect(herdSeverity(herd('x', { troubles: { 'pending-restart': 1, down: 1 } }))).toBe(1)
    expect(herdSeverity(herd('x', { members: 0, primaries: 0 }))).toBeNull()
  })
})
