import { expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import type { LaterWork } from '@/lib/domain/proof/failover-report'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '.'
import { reportOf } from './report'

const runIn = async (fleet: ReturnType<typeof memoryFleet>, raw: JsonObject = {}, later: LaterWork[] = []) => {
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = failover.input.parse(raw) as JsonObject
  const { digest } = await makeTargetPlan(failover, fleet.read, input, targetId, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  await drive(failover, { id: 'job', targetId, input, digest }, journal.open(), fleet, options)
  return reportOf(JSON.parse(JSON.stringify(journal.lines)), later)!
}
const rejoined: LaterWork = {
  jobId: 'j',
  runId: 'r',
  operation: 'rejoin',
  title: 'demo on n1',
  state: 'done',
  because: null,
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:09Z',
  saved: { path: '/data.tail', files: 2, bytes: 4096, manifest: '/data.tail/manifest.json', host: 'n1' },
}
const newFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])

test('a planned failover: positions in order, the fence with its evidence, every step with its time, what DNS said and until when caches may say otherwise, nothing open', async () => {
  const report = await runIn(newFleet())
  expect(report.state).toBe('done')
  expect(report.positions.map(({ label, timeline }) => [label, timeline])).toEqual([
    ['Last known position of the old primary', 1],
    ['Received by the candidate before', 1],
    ['Last record of the old primary', 1],
    ['Replayed by the candidate when it was promoted', 1],
    ['The new primary after the promotion', 2],
    ['After the first proven commit', 2],
  ])
  expect(report.fence).toContain('carries standby.signal, proven on its host')
  expect(report.steps.filter(({ state }) => state !== 'done').map(({ name, state }) => [name, state])).toEqual([
    ['canary', 'not-asked'],
    ['shed', 'released'],
    ['fence-others', 'not-needed'],
    ['catch-up', 'already-so'],
    ['lower-synchronous', 'not-needed'],
    ['canary-judge', 'not-asked'],
    ['commits', 'not-needed'],
    ['reader-names', 'not-needed'],
  ])
  expect(report.names[0]).toMatchObject({ name: 'demo.prod.test' })
  expect(report.names[0]!.servers.length).toBeGreaterThan(0)
  const moved = report.steps.find(({ name }) => name === 'names')!
  const cached = report.names[0]!.cached!
  expect(cached.ttlSeconds).toBe(60)
  expect(Date.parse(cached.until)).toBe(Date.parse(moved.startedAt!) + moved.tookMs! + 60_000)
  expect(report.gapMs).not.toBeNull()
  expect(report.bounds).toBeNull()
  expect(report).toMatchObject({ followed: ['demo on n3'], parked: [], open: [] })
})

test('an emergency: who took responsibility, the estimated loss, which members are parked, and what is still open', async () => {
  const fleet = newFleet()
  fleet.host('n1').power = 'off'
  fleet.host('n3').power = 'off'
  const report = await runIn(fleet, { override: 'demo' })
  expect(report.state).toBe('done')
  expect(report.fence).toContain('somebody took responsibility for that')
  const stateOf = (step: string) => report.steps.find(({ name }) => name === step)?.state
  expect(['stop-primary', 'fence', 'rejoin', 'canary'].map(stateOf)).toEqual(['not-possible', 'not-possible', 'not-possible', 'not-asked'])
  expect(report.steps.filter(({ state }) => state === 'already-so')).toEqual([])
  expect(report.gates.find(({ title }) => title === 'The candidate streams')?.verdict).toBe('unknown')
  expect(report.lossBytes).toBe(0)
  expect(report.gapMs).toBeNull()
  expect(Date.parse(report.bounds!.firstCommitAt)).toBeGreaterThanOrEqual(Date.parse(report.bounds!.lastSeenAt))
  expect(report.open).toEqual([
    expect.stringContaining('demo on n3 does not follow'),
    expect.stringContaining('demo on n1 must not start as a primary'),
  ])
})

test('a member that has followed again since is no longer open, and the place of its saved WAL is named; a failed try changes nothing', async () => {
  const openWith = async (later: LaterWork[]) => {
    const fleet = newFleet()
    fleet.host('n1').power = 'off'
    const { open, later: kept } = await runIn(fleet, { override: 'demo' }, later)
    expect(kept).toEqual(later)
    return open
  }
  expect(await openWith([rejoined])).toEqual([])
  expect(await openWith([{ ...rejoined, state: 'failed' }])).toEqual([expect.stringContaining('demo on n1 must not start as a primary')])
})

test('one that waits for a person says for what', async () => {
  const fleet = newFleet()
  fleet.zone('prod.test').refuses = 'REFUSED'
  const report = await runIn(fleet)
  expect(report.state).toBe('attention')
  expect(report.open[0]).toContain('The job needs attention')
  expect(report.open.at(-1)).toContain('demo.prod.test: not proven to point to the new primary')
})

test('before it has looked there is nothing to report', () => {
  expect(reportOf([])).toBeNull()
})
