import { expect, test } from 'vitest'
import type { FleetFacts, Trouble, TroubledServer } from '@/lib/domain/problems/fleet'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { presentProblems } from '@/lib/presentation/problems/present'
import { pathOf } from '@/lib/resources'
import { describedResource } from '@/lib/resources/described'

const troubles: Trouble[] = ['down', 'refused', 'unreachable', 'stale', 'not-streaming', 'lagging', 'pending-restart']
const serverTroubles: TroubledServer['trouble'][] = ['host-key-changed', 'unreachable', 'agent-silent']

const everythingWrong: FleetFacts = {
  at: '2026-01-01T00:00:00Z',
  environments: [],
  herds: [
    {
      id: 'h',
      name: 'h',
      environmentId: 'e',
      members: 7,
      online: 3,
      primaries: 0,
      primaryIdentifiers: 0,
      unseen: 1,
      troubles: Object.fromEntries(troubles.map((trouble) => [trouble, 1])),
      lagBytesMax: 1,
    },
  ],
  instances: [],
  servers: serverTroubles.map((trouble) => ({
    id: trouble,
    hostname: trouble,
    environmentId: 'e',
    trouble,
    because: null,
    at: null,
    total: 1,
  })),
  replication: [],
  poolers: (['paused', 'stale', 'down'] as const).map((trouble) => ({
    id: trouble,
    title: trouble,
    environmentId: 'e',
    trouble,
    state: 'stopped',
    because: null,
    since: null,
    target: null,
    wanted: null,
    waiting: null,
    herds: [],
    observedAt: null,
    total: 1,
  })),
  names: [{ id: 'n', name: 'n', environmentId: 'e', because: null, answer: null, wanted: null, observedAt: null, total: 1 }],
  attention: [{ jobId: 'j', runId: 'r', title: 't', operation: 'o', because: null, environmentId: null, since: null }],
  runs: [],
  approvals: [],
  expiring: [],
  locks: [],
  scheduled: [],
  acknowledged: [],
  discovered: { hosts: 1, instances: 1, poolers: 0 },
  workers: 1,
}

test('every “all of them” link of the front page is a list that understands its filters', () => {
  const hrefs = presentProblems(everythingWrong, pathOf).flatMap((problem) =>
    problem.href === null || problem.href === '/discovery' ? [] : [problem.href],
  )
  expect(hrefs.length).toBe(troubles.length + serverTroubles.length + 2 + 3)
  for (const href of hrefs) {
    const address = new URL(href, 'http://console')
    const described = describedResource(address.pathname.slice(1))
    expect(described, href).toBeDefined()
    const { query, dropped } = parseListQuery(described!.description, address.searchParams)
    expect(dropped, href).toEqual([])
    expect(Object.keys(query.filters).length + query.sort.length, href).toBeGreaterThan(0)
  }
})
