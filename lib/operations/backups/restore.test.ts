import { expect, test } from 'vitest'
import { aloneUp } from '@/e2e/harness/twin/backup-cases'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { targetOf } from './input'
import { restore } from './restore'

const alone = (): MemoryFleet => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] }])
  aloneUp(fleet.instance('demo on n1'), fleet)
  return fleet
}
const idOf = (fleet: MemoryFleet) => fleet.instance('demo on n1').inventory.id
const stanza = (fleet: MemoryFleet) => fleet.world.stanzas.get(fleet.instance('demo on n1').inventory.herdId)!
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(restore, fleet.read, restore.input.parse(raw) as JsonObject, idOf(fleet), new AbortController().signal)
const run = async (fleet: MemoryFleet, raw: JsonObject) => {
  const { digest, reason } = await planOf(fleet, raw)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const job = { id: 'job', targetId: idOf(fleet), input: restore.input.parse(raw) as JsonObject, digest }
  return { state: await drive(restore, job, journal.open(), fleet, options), journal }
}

test('the plan names the backup and what is lost, every command, and looking changes nothing', async () => {
  const fleet = alone()
  const plan = await planOf(fleet, { until: 'lsn', lsn: '0/4000000' })
  await expect(`${JSON.stringify(plan, null, 2).replaceAll('\\n', '\n')}\n`).toMatchFileSnapshot(
    '../__snapshots__/plans/restore-to-lsn.txt',
  )
  expect([plan.eligible, fleet.calls.made]).toEqual([true, []])
})

test('what stands in the way is refused before anything is touched: another member, no backup, missing WAL, a moment to come', async () => {
  const running = alone()
  running.instance('demo on n2').state = 'running'
  expect((await planOf(running)).reason).toContain('demo on n2 runs')
  const fleet = alone()
  expect((await planOf(fleet)).reason).toBeNull()
  const [backup] = stanza(fleet).backups
  stanza(fleet).gaps = [0x4000000]
  expect((await planOf(fleet)).reason).toContain('a segment is missing in the archive after 0/4000000')
  expect((await planOf(fleet, { until: 'lsn', lsn: '0/4000000' })).reason).toBeNull()
  stanza(fleet).gaps = []
  expect((await planOf(fleet, { until: 'time', time: '2020-01-01T00:00:00Z' })).reason).toContain('No backup ended before 2020-01-01')
  expect((await planOf(fleet, { until: 'time', time: '2999-01-01T00:00:00Z' })).reason).toContain('still to come')
  stanza(fleet).backups = [{ ...backup!, hasErrors: true }]
  expect((await planOf(fleet)).reason).toContain('has no backup')
  stanza(fleet).because = 'pgBackRest is not installed there'
  expect((await planOf(fleet)).reason).toContain('pgBackRest is not installed there')
  expect(fleet.calls.made).toEqual([])
})

test('a server that is down and comes to the end of its archive before the target is put back as it was', async () => {
  const fleet = alone()
  const instance = fleet.instance('demo on n1')
  instance.state = 'crashed'
  await planOf(fleet)
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'start') instance.isAtTarget = false
  }
  const time = new Date(fleet.clock.now().getTime() - 60_000).toISOString()
  const { state, journal } = await run(fleet, { until: 'time', time })
  expect(state).toBe('undone')
  expect(JSON.stringify(journal.lines)).toContain('the WAL is not there')
  expect([instance.state, instance.timeline, instance.hasStandbySignal, instance.copy]).toEqual(['crashed', 1, false, null])
})

test('until says which of time and position is given, and a time is kept to the microsecond', () => {
  const time = '2026-11-21 02:00:01.5+01:00'
  expect(targetOf({ until: 'time', time, lsn: '', keepOld: true })).toEqual({ kind: 'time', time: '2026-11-21T01:00:01.500000Z' })
  const issuesOf = (raw: JsonObject) => restore.input.safeParse(raw).error?.issues.map(({ path }) => path.join('.')) ?? []
  expect(issuesOf({ until: 'time', time: 'yesterday' })).toEqual(['time'])
  expect(issuesOf({ until: 'lsn', lsn: '0' })).toEqual(['lsn'])
  expect(issuesOf({ until: 'latest', time: '2026-11-21T01:00:00Z' })).toEqual(['time'])
  expect(issuesOf({ until: 'time', time: '2026-11-21 02:00 Europe/Berlin' })).toEqual([])
})
