import { expect, test } from 'vitest'
import { applied, isGivenUp, runsUnlessAsked } from '@/e2e/harness/twin/crash-laws'
import { newFleet, say } from '@/e2e/harness/twin/switchover'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { setHerdParameters } from './parameters/herd'

const stage = async (parameters: string): Promise<Stage> => {
  const fleet = newFleet({ poolers: ['front'] })
  say(fleet, {})
  for (const one of fleet.world.instances.values())
    Object.assign(one, { altered: { work_mem: '5MB' }, active: { ...one.active, work_mem: '5MB' } })
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = setHerdParameters.input.parse({ parameters, restart: true, canary: false }) as JsonObject
  const { digest, reason } = await makeTargetPlan(setHerdParameters, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    ...{ operation: setHerdParameters, ports: fleet, clock: fleet.clock, journal },
    job: { id: 'job', targetId, input, digest },
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        [...fleet.world.instances.values()].map(({ state, applied, timeline, active, altered }) => [
          state,
          applied,
          timeline,
          active,
          altered,
        ]),
        fleet.pooler('demo pooler on front').applied,
        fleet.zone('prod.test').applied,
      ]),
    broken: (state) => lawsOf(fleet, state, journal.lines, /= (\d+)$/.exec(parameters)![1]!),
  }
}

/** One writer, nobody stops replaying, written on all or on none before anybody is restarted, and on all from then on. */
const lawsOf = (fleet: MemoryFleet, state: JobState, lines: readonly JournalLine[], limit: string): string[] => {
  const members = [...fleet.world.instances.values()]
  const isAsked = state === 'attention' || isGivenUp(lines)
  const finished = lines.flatMap((line) => (line.kind === 'segment-closed' && line.outcome === 'done' ? [line.segment] : []))
  const isTakenBack = lines.some((line) => line.kind === 'undo-intended' && line.step === 'switchover/hand-over')
  const hostOf = (one: (typeof members)[number]) => one.inventory.address.host.hostname
  const writers = members.filter((one) => one.state === 'running' && !one.hasStandbySignal)
  const written = members.filter(({ altered }) => altered.work_mem === '64MB' && altered.max_connections === limit)
  const former = members.filter(
    ({ altered, active }) => altered.work_mem === '5MB' && altered.max_connections === undefined && active.work_mem === '5MB',
  )
  return [
    ...fleet.world.violations,
    ...members.flatMap((one) => runsUnlessAsked(one, state, lines)),
    ...members.flatMap((one) => (applied(one, /^start/) > (isTakenBack ? 2 : 1) ? [`${hostOf(one)} was started too often`] : [])),
    ...(writers.length === 1 || isAsked ? [] : [`${state}, and ${writers.length} take writes`]),
    ...(finished.includes('parameters') && written.length < members.length
      ? [`${state} after they were set, and they are not everywhere`]
      : []),
    ...(!finished.includes('parameters') && !isAsked && former.length < members.length ? [`${state}, and something of it is left`] : []),
    ...(state === 'done' && members.some(({ active }) => active.work_mem !== '64MB' || active.max_connections !== limit)
      ? ['done, and not in force everywhere']
      : []),
  ]
}

test.each([
  ['rise', 'work_mem = 64MB\nmax_connections = 200', 997],
  ['fall', 'work_mem = 64MB\nmax_connections = 50', 997],
])(
  'parameters of a herd whose limits %s end as it says wherever drivers die and however acts go wrong: on all or on none, and no standby stops replaying',
  {
    timeout: 900_000,
  },
  async (_what, parameters, stride) => {
    const results = await crashMatrix(() => stage(parameters), { stride, every: 5 })
    expect(results.length).toBeGreaterThan(50)
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
  },
)
