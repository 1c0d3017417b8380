import { expect, test } from 'vitest'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from '.'
import { reportOf } from './report'

const names = 'synchronous_standby_names'

/** Of members that all have the same setting, as they usually do. */
const newFleet = (setting: string, hosts = ['n1', 'n2']) => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts, virtualHost: 'demo' }])
  for (const instance of fleet.world.instances.values()) {
    instance.files[names] = setting
    instance.active[names] = setting
  }
  return fleet
}
const herdId = (fleet: MemoryFleet) => fleet.instance('demo on n1').inventory.herdId
const planOf = (fleet: MemoryFleet, raw: JsonObject) =>
  makeTargetPlan(failover, fleet.read, failover.input.parse(raw) as JsonObject, herdId(fleet), new AbortController().signal)
const gateOf = async (fleet: MemoryFleet, raw: JsonObject) => (await planOf(fleet, raw)).gates.find(({ name }) => name === 'synchronous')

const run = async (fleet: MemoryFleet, raw: JsonObject) => {
  const { reason, digest } = await planOf(fleet, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId: herdId(fleet), input: failover.input.parse(raw) as JsonObject, digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const go = () => drive(failover, job, journal.open(), fleet, options)
  return { state: await go(), go, journal, report: () => reportOf(JSON.parse(JSON.stringify(journal.lines)))! }
}
const off = (fleet: MemoryFleet, host = 'n1') => {
  fleet.host(host).power = 'off'
  return fleet
}

test('an emergency after which no commit would return says so in full; a planned failover to such a candidate is refused', async () => {
  expect(await gateOf(off(newFleet('FIRST 1 (*)')), { override: 'demo' })).toMatchObject({
    verdict: 'warn',
    because:
      'demo on n2 has synchronous_standby_names FIRST 1 (*): 1 standby must confirm each commit, and of its future standbys none would match. Its commits would wait for ever. Choose “Lower synchronous replication” to let commits return without them; otherwise no client can commit until standbys follow again, and the job will not be done before.',
  })
  expect(await gateOf(newFleet('FIRST 1 (n1)'), {})).toMatchObject({ verdict: 'pass' })
  expect(await gateOf(newFleet('FIRST 1 (n7)'), {})).toMatchObject({
    verdict: 'refuse',
    because: expect.stringContaining('Its commits would wait for ever. Correct the setting there and reload.'),
  })
})

test('a job after which no client can commit is not done: it says what hangs and what lets commits return, and goes on once that is so', async () => {
  const fleet = off(newFleet('ANY 1 (n1, n2)'))
  const { state, go, journal, report } = await run(fleet, { override: 'demo' })
  expect(state).toBe('attention')
  expect(journal.lines.findLast((line) => line.kind === 'attention')).toMatchObject({
    because: expect.stringContaining('Commits on demo on n2 hang: synchronous_standby_names is ANY 1 (n1, n2), and none of them streams'),
    question:
      "No client can commit on demo on n2. Bring back a standby that it waits for, or clear the setting: alter system set synchronous_standby_names = ''; select pg_reload_conf(). Then resume: a commit is tried again.",
  })
  expect(report().open[0]).toContain('No client can commit on demo on n2')
  fleet.instance('demo on n2').active[names] = ''
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await go()).toBe('done')
})

test('nor is one whose synchronous standby freezes while it is told whom to follow', async () => {
  const fleet = off(newFleet('FIRST 1 (*)', ['n1', 'n2', 'n3']))
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'promote') fleet.host('n3').power = 'frozen'
  }
  expect((await run(fleet, { override: 'demo' })).state).toBe('attention')
})

test('lowered on demand, commits return, no further than it must be, and the report says how to put it back', async () => {
  const fleet = off(newFleet('ANY 2 (n1, n2, n3)', ['n1', 'n2', 'n3']))
  const { state, report } = await run(fleet, { override: 'demo', lowerSynchronous: true })
  expect(state).toBe('done')
  expect(fleet.instance('demo on n2').active[names]).toBe('ANY 1 (n1, n2, n3)')
  expect(report().open).toContain(
    "demo on n2 waits for fewer standbys than before the failover. Once enough of them follow, put it back there: alter system set synchronous_standby_names = 'ANY 2 (n1, n2, n3)'; select pg_reload_conf()",
  )
  const alone = off(newFleet('n1'))
  expect((await run(alone, { override: 'demo', lowerSynchronous: true })).state).toBe('done')
  expect(alone.instance('demo on n2').active[names]).toBe('')
})

test('a promotion that does not come to pass leaves the setting as it was', async () => {
  const fleet = off(newFleet('FIRST 1 (*)'))
  fleet.calls.interfere = ({ act }) => (act === 'replace' ? { how: 'fail' } : undefined)
  expect((await run(fleet, { override: 'demo', lowerSynchronous: true })).state).toBe('undone')
  expect(fleet.instance('demo on n2')).toMatchObject({ altered: {}, active: { [names]: 'FIRST 1 (*)' } })
})

test('one that keeps enough standbys proves a commit that waits for them', async () => {
  const fleet = off(newFleet('FIRST 1 (*)', ['n1', 'n2', 'n3']))
  const { state, journal } = await run(fleet, { override: 'demo', lowerSynchronous: true })
  expect(state).toBe('done')
  expect(journal.lines.find((line) => line.kind === 'finished' && line.step === 'commits')).toMatchObject({ output: { waitedFor: ['n3'] } })
  expect(fleet.instance('demo on n2').altered).toEqual({})
})
