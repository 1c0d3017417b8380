import { expect, test } from 'vitest'
import { heldIn, type MemoryFleet, MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { failover } from './failover'

const stageOf = async (prepare: (fleet: MemoryFleet) => void, raw: JsonObject, laws: Laws): Promise<Stage> => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
  prepare(fleet)
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = failover.input.parse(raw) as JsonObject
  const { digest, reason } = await makeTargetPlan(failover, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    operation: failover,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        [...fleet.world.instances.values()].map(({ state, applied, timeline, hasStandbySignal, slots, replaced }) => [
          state,
          applied,
          timeline,
          hasStandbySignal,
          slots,
          replaced,
        ]),
        fleet.zone('prod.test').applied,
      ]),
    broken: (state) => [...fleet.world.violations, ...always(fleet, state, journal.lines), ...laws(fleet, state, isGivenUp(journal.lines))],
  }
}

type Laws = (fleet: MemoryFleet, state: JobState, isGivenUp: boolean) => string[]

const count = (fleet: MemoryFleet, host: string, act: string) =>
  fleet.instance(`demo on ${host}`).applied.filter((one) => one === act).length
const isGivenUp = (lines: readonly JournalLine[]) => lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
const writes = (fleet: MemoryFleet) =>
  [...fleet.world.instances.values()].filter((one) => one.state === 'running' && one.host.power === 'on' && !one.hasStandbySignal)

/** Of both kinds: nothing twice, no member promoted without its name being dealt with, and no herd without a primary unless the job needs attention. */
const always = (fleet: MemoryFleet, state: JobState, lines: readonly JournalLine[]): string[] => {
  const once = [
    'stop fast',
    'start',
    'promote',
    'fence',
    'clearStandbySignal',
    'create slot n1',
    'create slot n3',
    'drop slot n1',
    'drop slot n3',
  ]
  const leads = heldIn(fleet.zone('prod.test'), 'demo.prod.test')[0]?.values[0]
  const n1 = fleet.instance('demo on n1')
  return [
    ...['n1', 'n2', 'n3'].flatMap((host) =>
      once.filter((act) => count(fleet, host, act) > 1).map((act) => `${act} was applied twice on ${host}`),
    ),
    ...(fleet.zone('prod.test').applied.length > 1 ? ['the name was moved more than once'] : []),
    ...(count(fleet, 'n3', 'promote') > 0 ? ['another standby was promoted'] : []),
    ...(state === 'done' && (leads !== 'n2.prod.test' || writes(fleet)[0] !== fleet.instance('demo on n2'))
      ? ['done, and n2 does not lead']
      : []),
    ...(state === 'done' && writes(fleet).includes(n1) ? ['done, and the old primary writes'] : []),
    ...(count(fleet, 'n2', 'promote') === 0 && leads !== 'n1.prod.test' ? ['the name was moved without a promotion'] : []),
    ...(count(fleet, 'n2', 'promote') > 0 && !n1.hasStandbySignal && n1.replaced === null
      ? ['promoted, and the old primary is neither fenced nor recorded']
      : []),
    ...(writes(fleet).length === 0 && state !== 'attention' && !isGivenUp(lines) && n1.host.power === 'on' && n1.state !== 'crashed'
      ? [`${state}, and nobody takes writes`]
      : []),
  ]
}

const plannedLaws: Laws = (fleet, state, hasGivenUp) => {
  const n1 = fleet.instance('demo on n1')
  const isBack = n1.state === 'running' && !n1.hasStandbySignal && n1.replaced === null
  return [
    ...(['undone', 'failed', 'cancelled'].includes(state) && count(fleet, 'n2', 'promote') === 0 && !isBack && !hasGivenUp
      ? [`${state} before the promotion, and the old primary is ${n1.state}${n1.hasStandbySignal ? ' with standby.signal' : ''}`]
      : []),
    ...(state !== 'attention' && !hasGivenUp && fleet.world.canaries.size > 0 ? [`${state}, and the canary is still there`] : []),
    ...(state === 'done' && n1.replaced !== null ? ['done, and the old primary is still recorded as replaced'] : []),
  ]
}

test('a planned failover ends as it says wherever drivers die and however acts go wrong: one primary, nothing twice, nobody left without a next step', {
  timeout: 900_000,
}, async () => {
  const results = await crashMatrix(() => stageOf(() => {}, {}, plannedLaws), { stride: 31 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})

test('so does one with a canary, whose schema is gone when nobody is asked', { timeout: 900_000 }, async () => {
  const results = await crashMatrix(() => stageOf(() => {}, { canary: true }, plannedLaws), { stride: 331 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})

test('an emergency failover of a host that is off ends as it says wherever drivers die and however acts go wrong', {
  timeout: 900_000,
}, async () => {
  const results = await crashMatrix(
    () =>
      stageOf(
        (fleet) => {
          fleet.host('n1').power = 'off'
        },
        { override: 'demo' },
        (fleet, state) =>
          state === 'done' && fleet.instance('demo on n1').replaced === null ? ['done, and the old primary may start as one'] : [],
      ),
    { stride: 13 },
  )
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
