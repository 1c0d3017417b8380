import { expect, test } from 'vitest'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { create } from '.'

const stageOf = async (herd: 'fresh' | 'demo'): Promise<Stage> => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'demo', hosts: ['n1', 'n2'] },
    { environment: 'prod', name: 'fresh', hosts: [], port: 5433 },
    { environment: 'prod', name: 'other', hosts: ['n4'], port: 5440 },
  ])
  const input = create.input.parse({ herd }) as JsonObject
  const targetId = fleet.host('n4').server.id
  const { digest, reason } = await makeTargetPlan(create, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const made = () => fleet.instance(`${herd} on n4`)
  const count = (act: string) => made().applied.filter((one) => one === act).length
  const journal = new MemoryJournal(fleet.clock)
  return {
    operation: create,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([...fleet.world.instances.values()].map(({ state, applied, isRegistered }) => ({ state, applied, isRegistered }))),
    broken: (state: JobState) => {
      const { state: is, isRegistered, hasStandbySignal, copy } = made()
      const { slots } = fleet.instance('demo on n1')
      const isGivenUp = journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
      const isBack = !isGivenUp && ['undone', 'failed', 'cancelled'].includes(state)
      return [
        ...fleet.world.violations,
        ...(state === 'done' && (is !== 'running' || !isRegistered || hasStandbySignal !== (herd === 'demo') || made().made !== null)
          ? ['done, and it is no whole member']
          : []),
        ...(isBack && (is !== 'absent' || isRegistered || copy !== null) ? [`${state}, and something is left: ${is}`] : []),
        ...(isBack && slots.join() !== 'n2' ? [`${state}, and slots are left: ${slots}`] : []),
        ...(count('make') > 1 ? ['it was made twice'] : []),
      ]
    },
  }
}

const ends = ['attention', 'cancelled', 'done', 'failed', 'undone']

test('a new primary comes to be whole or not at all, wherever drivers die and however acts go wrong', { timeout: 300_000 }, async () => {
  const results = await crashMatrix(() => stageOf('fresh'), { stride: 11 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(ends)
})

test('a new standby streams and is registered, or nothing of it is left, wherever drivers die and however acts go wrong', {
  timeout: 300_000,
}, async () => {
  const results = await crashMatrix(() => stageOf('demo'), { stride: 307 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(ends)
})
