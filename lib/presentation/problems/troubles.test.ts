import { expect, test } from 'vitest'
import { fleetOf, herdOf } from '@/lib/domain/problems/fleet.fixture'
import { paths } from './paths.fixture'
import { presentTroubles } from './troubles'

const sql = "select 'the-secret'"

test('each trouble of a fleet is told by itself, with its page and its remedy', () => {
  const herds = ['a', 'b'].map((name) =>
    herdOf(name, { primaries: 0, online: 2, successor: { title: `${name} on p2`, lagBytes: 0 }, lostAt: '2026-03-01T11:59:00.000Z' }),
  )
  const troubles = presentTroubles(fleetOf({ herds }), paths)
  expect(troubles.map(({ headline, label }) => `${headline}: ${label}`)).toEqual(['No writable primary: a', 'No writable primary: b'])
  expect(troubles[0]).toMatchObject({
    kind: 'no-primary',
    key: 'a',
    environmentIds: ['prod'],
    severity: 0,
    href: '/herds/a',
    remedy: { label: 'Fail over…', href: '/dr-pairs/run/failover?ids=a' },
    since: '2026-03-01T11:59:00.000Z',
  })
})

test('what a job or a schedule failed with stays in the console: it may quote a statement', () => {
  const attention = [
    {
      jobId: 'j',
      runId: 'r',
      title: 'shop on p1',
      operation: 'run-sql',
      because: `syntax error in ${sql}`,
      environmentId: 'prod',
      since: null,
    },
  ]
  const scheduled = [
    {
      id: 's',
      title: 'Run SQL',
      state: 'skipped' as const,
      because: sql,
      at: '2026-03-01T11:00:00.000Z',
      actorName: 'dana',
      environmentIds: ['prod', 'dev'],
    },
  ]
  const troubles = presentTroubles(fleetOf({ attention, scheduled }), paths)
  expect(troubles.map(({ kind, environmentIds }) => [kind, environmentIds])).toEqual([
    ['attention', ['prod']],
    ['scheduled-skipped', ['dev', 'prod']],
  ])
  expect(JSON.stringify(troubles)).not.toContain('the-secret')
})

test('keys that expire, the inbox, an absent worker and failing subscriptions are nobody’s message', () => {
  const facts = fleetOf({
    workers: 0,
    discovered: { hosts: 1, instances: 0, poolers: 0 },
    expiring: [{ kind: 'token', id: 't', name: 'nightly', role: null, expiresAt: '2026-03-02T00:00:00.000Z' }],
    failingSubscriptions: [{ id: 's', name: 'on-call', environmentId: null, because: null, since: '2026-03-01T00:00:00.000Z' }],
  })
  expect(presentTroubles(facts, paths)).toEqual([])
})
