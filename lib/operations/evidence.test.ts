import { expect, test } from 'vitest'
import { pausableFleet } from '@/e2e/harness/twin/patroni'
import { upgradeFleet } from '@/e2e/harness/twin/resize'
import { run as switchOver, newFleet as switchoverFleet } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { Fault } from '@/lib/kernel/ground/errors'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { hasMoved } from '@/lib/shapes/run'
import { operationByName } from '.'
import { moves } from './evidence'
import { reportOfMove } from './switchover/report'

const about = { jobId: 'job', runId: 'run', by: 'dana' }

/** What an operation cannot do without to move anybody. */
const inputs: Record<string, JsonObject> = {
  'set-herd-parameters': { parameters: 'max_wal_senders = 20', restart: true },
  'resize-herd': { type: 'm5.xlarge' },
}

const plainFleet = () => memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
/** What it is about. */
const fleets: Record<string, () => MemoryFleet> = { 'patroni-zero-gap': () => pausableFleet(), 'rolling-upgrade': () => upgradeFleet() }

const driven = async (name: string, fleet: MemoryFleet) => {
  const operation = operationByName(name)!
  const input = operation.input.parse({ canary: false, ...inputs[name] }) as JsonObject
  const targetId = [...fleet.world.instances.values()][0]!.inventory.herdId
  const { digest } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const ended = await drive(operation, { id: 'job', targetId, input, digest }, journal.open(), fleet, options)
  return { ended, lines: journal.lines }
}

/** Whether one job of this operation left the line that a certificate is issued for, and whether its journal is evidence of a move. */
const moved = async (name: string, isStopped: boolean) => {
  const { from, evidence } = moves[name]!
  const fleet = (fleets[name] ?? plainFleet)()
  // What a rolling restart is for.
  for (const { files } of fleet.world.instances.values()) files.max_connections = '200'
  if (isStopped) fleet.calls.interfere = () => ({ how: 'fail', fault: new Fault('shell.failed') })
  const { ended, lines } = await driven(name, fleet)
  return { ended, isMarked: hasMoved(lines, from), isEvident: evidence(lines, about) !== null }
}

test.each(Object.keys(moves))(
  'a job of %s that promoted somebody leaves the line that its certificate waits for, whatever its steps are called',
  async (name) => {
    expect(operationByName(name)!.effects.map((effect) => effect.name)).toContain(moves[name]!.from.step)
    expect(await moved(name, false)).toMatchObject({ ended: 'done', isMarked: true, isEvident: true })
    expect(await moved(name, true)).toMatchObject({ isMarked: false, isEvident: false })
  },
)

test('a switchover whose candidate provably never led moved nothing: no certificate waits for it, and its report tells of no promotion', async () => {
  const { from, evidence } = moves.switchover!
  const fleet = switchoverFleet({ poolers: ['front'] })
  fleet.calls.interfere = ({ act }) => (act === 'take over' ? { how: 'hang-before' } : undefined)
  const { state, journal } = await switchOver(fleet, { canary: false })
  expect(state).toBe('undone')
  expect(journal.lines.some((line) => line.kind === 'marked' && JSON.stringify(line.mark).includes('"isPassed":true'))).toBe(true)
  expect([hasMoved(journal.lines, from), evidence(journal.lines, about)]).toEqual([false, null])
  const { steps, fence } = reportOfMove(journal.lines)!
  expect(steps.find(({ name }) => name === 'promote')).toMatchObject({ state: 'skipped' })
  expect(fence).toContain('was not fenced')
})

test('a failover whose promotion provably did not happen is undone, and gets no certificate either', async () => {
  const { from, evidence } = moves.failover!
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  fleet.calls.interfere = ({ act }) => (act === 'promote' ? { how: 'fail', fault: new Fault('shell.failed') } : undefined)
  const { ended, lines } = await driven('failover', fleet)
  expect(ended).toBe('undone')
  expect(lines.some((line) => line.kind === 'intended' && line.step === 'promote')).toBe(true)
  expect([hasMoved(lines, from), evidence(lines, about)]).toEqual([false, null])
})
