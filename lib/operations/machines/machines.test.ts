import { expect, test } from 'vitest'
import { isNamed, machineOf, powerOff, resizeFleet } from '@/e2e/harness/twin/resize'
import { jobOf, planOf, roles } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming, startTimeline } from '@/lib/adapters/memory/world/wal'
import { judgeMove } from '@/lib/domain/proof/certificate'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '..'
import { moves } from '../evidence'
import { rollingReboot } from './rolling'

const planFor = (fleet: MemoryFleet, name: string, targetId = machineOf(fleet, 'n2').inventory.id) => {
  const operation = operationByName(name)!
  return makeTargetPlan(operation, fleet.read, operation.input.parse({}) as JsonObject, targetId, new AbortController().signal)
}
const run = async (fleet: MemoryFleet, name: string, targetId = machineOf(fleet, 'n2').inventory.id) => {
  const operation = operationByName(name)!
  const { digest, reason } = await planFor(fleet, name, targetId)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'job', targetId, input: operation.input.parse({}) as JsonObject, digest }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(operation, job, journal.open(), fleet, options)
  return { state, because: journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' ') }
}

test('a machine that is stopped takes its standby out of its name first, and one that is started puts it back once it streams', async () => {
  const fleet = resizeFleet()
  const named: boolean[] = []
  fleet.calls.afterwards = ({ act }) => void (act === 'stop' && named.push(isNamed(fleet, 'n2')))
  expect(await run(fleet, 'stop-machine')).toMatchObject({ state: 'done' })
  expect([machineOf(fleet, 'n2').state, fleet.instance('demo on n2').state, named[0]]).toEqual(['stopped', 'stopped', false])
  expect(await run(fleet, 'start-machine')).toMatchObject({ state: 'done' })
  expect([machineOf(fleet, 'n2').state, isNamed(fleet, 'n2'), isStreaming(fleet.world, fleet.instance('demo on n2'))]).toEqual([
    'running',
    true,
    true,
  ])
  expect(fleet.world.violations).toEqual([])
})

test('a machine is not stopped or rebooted while anything on it takes writes or cannot be seen, nor once somebody has promoted it', async () => {
  const fleet = resizeFleet()
  const primary = machineOf(fleet, 'n1').inventory.id
  for (const name of ['stop-machine', 'reboot-machine'])
    expect((await planFor(fleet, name, primary)).reason).toMatch(/^demo on n1 takes writes\./)
  fleet.host('n2').power = 'off'
  expect((await planFor(fleet, 'stop-machine')).reason).toMatch(/demo on n2 is unreachable.*not known/)

  const promoted = resizeFleet()
  promoted.calls.afterwards = ({ act }) => void (act === 'replace' && startTimeline(promoted.instance('demo on n2')))
  expect((await run(promoted, 'stop-machine')).because).toContain('takes writes: somebody has promoted it')
  expect([machineOf(promoted, 'n2').applied, promoted.world.violations]).toEqual([[], []])
})

test('a machine with a former primary on it is not started beside the present one', async () => {
  const fleet = resizeFleet()
  powerOff(fleet, 'n2')
  fleet.instance('demo on n2').replaced = { byId: fleet.instance('demo on n1').inventory.id, timeline: 2, because: 'n1 was promoted' }
  expect((await planFor(fleet, 'start-machine')).reason).toMatch(
    /^demo on n2 took writes when it was last seen, and another member does by now/,
  )
})

test('the plan of a rolling reboot reads as this snapshot says, and changes nothing', async () => {
  const fleet = resizeFleet({ poolers: ['front'] })
  const planned = await planOf(fleet, { canary: false }, rollingReboot)
  expect([planned.reason, fleet.calls.made]).toEqual([null, []])
  await expect(`${JSON.stringify(planned, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/rolling-reboot.txt')
})

test('every host of a herd is rebooted once while somebody takes writes: standbys, a switchover, the former primary; by EC2 or by itself', async () => {
  const fleet = resizeFleet({ poolers: ['front'] })
  fleet.host('n3').machine = null
  const { journal, on } = await jobOf(fleet, { canary: true }, {}, rollingReboot)
  expect(await on()).toBe('done')
  expect(roles(fleet)).toEqual(['demo on n1 standby 2', 'demo on n2 primary 2', 'demo on n3 standby 2'])
  expect(['n1', 'n2', 'n3'].map((host) => fleet.host(host).boots)).toEqual([2, 2, 2])
  expect(['n1', 'n2'].map((host) => machineOf(fleet, host).applied)).toEqual([['reboot'], ['reboot']])
  expect(fleet.calls.made.filter(({ act }) => act === 'sudo -n systemctl reboot')).toHaveLength(1)
  expect(judgeMove(moves[rollingReboot.name]!.evidence(journal.lines, { jobId: 'job', runId: 'run', by: 'ada' })!)).toMatchObject({
    kind: 'proven',
  })
  expect(fleet.world.violations).toEqual([])
})

test('a host that does not come back stops the job there: it needs attention, no other host is touched, and once that one is back its standby returns', async () => {
  const fleet = resizeFleet()
  fleet.calls.afterwards = ({ act }) => {
    if (act === 'reboot') fleet.host('n3').power = 'off'
  }
  const { on, goOn } = await jobOf(fleet, { canary: false }, {}, rollingReboot)
  expect(await on()).toBe('attention')
  expect(['n1', 'n2'].map((host) => fleet.host(host).boots)).toEqual([1, 1])
  fleet.calls.afterwards = () => {}
  fleet.host('n3').power = 'on'
  expect(await goOn()).toBe('undone')
  expect(['n1', 'n2', 'n3'].map((host) => fleet.host(host).boots)).toEqual([1, 1, 2])
  expect([isNamed(fleet, 'n3'), isStreaming(fleet.world, fleet.instance('demo on n3'))]).toEqual([true, true])
})
