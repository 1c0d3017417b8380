import { expect, test } from 'vitest'
import type { TroubledInstance, TroubledServer } from '@/lib/domain/problems/fleet'
import { fleetOf, herdOf } from '@/lib/domain/problems/fleet.fixture'
import { parseListQuery } from '@/lib/kernel/resource/query'
import { presentProblems } from '@/lib/presentation/problems/present'
import { pathOf } from '@/lib/resources'
import { describedResource } from '@/lib/resources/described'

const troubles: TroubledInstance['trouble'][] = [
  'down',
  'refused',
  'unreachable',
  'stale',
  'not-streaming',
  'replay-paused',
  'lagging',
  'pending-restart',
]
const serverTroubles: TroubledServer['trouble'][] = ['host-key-changed', 'machine-changed', 'unreachable', 'agent-silent']

const everythingWrong = fleetOf({
  herds: [herdOf('h', { primaries: 0, primaryIdentifiers: 0, unseen: 1 })],
  instances: troubles.map((trouble) => ({
    id: trouble,
    title: trouble,
    environmentId: 'e',
    trouble,
    state: 'stopped',
    because: null,
    lagBytes: null,
    lagSeconds: null,
    since: null,
    total: 1,
  })),
  servers: serverTroubles.map((trouble) => ({
    id: trouble,
    hostname: trouble,
    environmentId: 'e',
    trouble,
    because: null,
    since: null,
    instances: [],
    poolers: 0,
    total: 1,
  })),
  poolers: (['paused', 'stale', 'down'] as const).map((trouble) => ({
    id: trouble,
    title: trouble,
    environmentId: 'e',
    trouble,
    state: 'stopped',
    because: null,
    since: null,
    seenAt: null,
    target: null,
    wanted: null,
    waiting: null,
    herds: [],
    total: 1,
  })),
  names: [{ id: 'n', name: 'n', environmentId: 'e', because: null, answer: null, wanted: null, seenAt: null, total: 1 }],
  attention: [{ jobId: 'j', runId: 'r', title: 't', operation: 'o', because: null, environmentId: null, since: null }],
  discovered: { hosts: 1, instances: 1, poolers: 0 },
})

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
