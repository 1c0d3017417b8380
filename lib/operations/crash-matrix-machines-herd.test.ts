import { describe, expect, test } from 'vitest'
import { isGivenUp, runsUnlessAsked } from '@/e2e/harness/twin/crash-laws'
import { isNamed, machineOf, upgradeFleet } from '@/e2e/harness/twin/resize'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { rollingReboot } from './machines/rolling'
import { resizeHerd } from './resize/herd'
import { rollingMinorUpgrade } from './upgrade/rolling'

const hosts = ['n1', 'n2', 'n3']
const wanted = ['m5.xlarge', 'm6i.xlarge']

/** The primary has its write in a pooler, and EC2 has none of the first type. */
const stageOf = async (operation: Operation, raw: JsonObject): Promise<Stage> => {
  const fleet = upgradeFleet({ poolers: ['front'] })
  fleet.world.exhausted.add(wanted[0]!)
  const targetId = fleet.instance('demo on n1').inventory.herdId
  const input = operation.input.parse({ ...raw, canary: false }) as JsonObject
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    ...{ operation, ports: fleet, clock: fleet.clock, journal },
    job: { id: 'job', targetId, input, digest },
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        hosts.map((host) => machineOf(fleet, host).applied),
        [...fleet.world.instances.values()].map(({ state, applied, timeline }) => [state, applied, timeline]),
        fleet.pooler('demo pooler on front').applied,
        fleet.zone('prod.test').applied,
      ]),
    broken: (state) => lawsOf(fleet, taken[operation.name]!, state, journal.lines),
  }
}

type IsTaken = (fleet: MemoryFleet, host: string) => boolean

/** Whether a host was taken, by what was done to it. */
const taken: Readonly<Record<string, IsTaken>> = {
  'resize-herd': (fleet, host) => wanted.includes(machineOf(fleet, host).type),
  'rolling-reboot': (fleet, host) => machineOf(fleet, host).applied.includes('reboot'),
  'rolling-upgrade': (fleet, host) => fleet.host(host).packages.get('postgresql-15')!.installed === '15.19-1',
}

/** One writer with its clients, no machine left stopped, none stopped that takes writes, and what was finished stays. */
const lawsOf = (fleet: MemoryFleet, isTaken: IsTaken, state: JobState, lines: readonly JournalLine[]): string[] => {
  const members = [...fleet.world.instances.values()]
  const isAsked = state === 'attention' || isGivenUp(lines)
  const hostOf = (one: (typeof members)[number]) => one.inventory.address.host.hostname
  const writers = members.filter((one) => one.state === 'running' && !one.hasStandbySignal)
  const finished = lines.flatMap((line) => (line.kind === 'segment-closed' && line.outcome === 'done' ? [line.segment] : []))
  const { host, isPaused } = fleet.pooler('demo pooler on front').databases.get('demo')!
  const away = members.filter((one) => one !== writers[0] && !isNamed(fleet, hostOf(one)))
  const isType = (one: string) => isTaken(fleet, one)
  return [
    ...fleet.world.violations,
    ...members.flatMap((one) => runsUnlessAsked(one, state, lines)),
    ...hosts.flatMap((one) =>
      machineOf(fleet, one).state === 'running' || isGivenUp(lines) ? [] : [`${state}, and ${one} is ${machineOf(fleet, one).state}`],
    ),
    ...hosts.flatMap((one) => (finished.includes(one) && !isType(one) ? [`${one} was finished, and is as it was`] : [])),
    ...(writers.length === 1 || isAsked ? [] : [`${state}, and ${writers.length} take writes`]),
    ...(isAsked || (!isPaused && host === writers[0]?.inventory.address.host.address) ? [] : [`${state}, and clients are not served`]),
    ...(isAsked
      ? []
      : members.flatMap((one) => (one === writers[0] || isStreaming(fleet.world, one) ? [] : [`${hostOf(one)} does not stream`]))),
    ...(isAsked ? [] : away.map((one) => `${state}, and ${hostOf(one)} is not in the name of the standbys`)),
    ...(state === 'done' && !hosts.every(isType) ? ['done, and not every machine was taken'] : []),
  ]
}

const cases: [Operation, JsonObject, JobState[]][] = [
  [resizeHerd, { type: wanted[0]!, fallbacks: wanted[1]! }, ['attention', 'cancelled', 'done', 'failed', 'undone']],
  [rollingReboot, {}, ['attention', 'cancelled', 'done', 'failed']],
  [rollingMinorUpgrade, {}, ['attention', 'cancelled', 'done', 'failed']],
]

describe('wherever drivers die and however calls go wrong', () => {
  test.each(cases)(
    '$name ends as it says: one writer, no machine left stopped, and what is finished stays',
    { timeout: 900_000 },
    async (operation, raw, ends) => {
      const results = await crashMatrix(() => stageOf(operation, raw), { stride: 997, every: 23 })
      expect(brokenOf(results)).toEqual([])
      expect(Object.keys(countStates(results)).sort()).toEqual(ends)
    },
  )
})
