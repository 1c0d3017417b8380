import { describe, expect, test } from 'vitest'
import { isGivenUp } from '@/e2e/harness/twin/crash-laws'
import { isNamed, machineOf, powerOff, resizeFleet, upgradeFleet } from '@/e2e/harness/twin/resize'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '.'

interface Scene {
  operation: string
  /** On the machine unless it is on the instance. */
  isOnInstance?: boolean
  where: string
  prepare: (fleet: MemoryFleet) => void
  /** The machine once it is done. */
  becomes: 'running' | 'stopped'
  stride: number
  ends: JobState[]
}

const stageOf = async ({ operation: name, prepare, becomes, isOnInstance }: Scene): Promise<Stage> => {
  const fleet = name === 'upgrade-minor' ? upgradeFleet() : resizeFleet()
  prepare(fleet)
  const operation = operationByName(name)!
  const targetId = isOnInstance ? fleet.instance('demo on n2').inventory.id : machineOf(fleet, 'n2').inventory.id
  const input = operation.input.parse({}) as JsonObject
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    ...{ operation, ports: fleet, clock: fleet.clock, journal },
    job: { id: 'job', targetId, input, digest },
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => JSON.stringify([machineOf(fleet, 'n2').applied, fleet.instance('demo on n2').applied, fleet.zone('prod.test').applied]),
    broken: (state) => brokenIn(fleet, becomes, state, journal.lines),
  }
}

/** No machine of a primary is stopped; once done it is as asked for; what did not come to its end leaves the standby in its name, unless somebody is asked. */
const brokenIn = (fleet: MemoryFleet, becomes: Scene['becomes'], state: JobState, lines: readonly JournalLine[]): string[] => {
  const [machine, instance] = [machineOf(fleet, 'n2'), fleet.instance('demo on n2')]
  const isAsked = state === 'attention' || isGivenUp(lines)
  const isOn = state === 'done' ? becomes === 'running' : becomes === 'stopped' || machine.applied.length > 0
  return [
    ...fleet.world.violations,
    ...(machine.applied.filter((act) => act === 'reboot').length > 1 ? ['it was rebooted twice'] : []),
    ...(state === 'done' && machine.state !== becomes ? [`done, and the machine is ${machine.state}`] : []),
    ...(isAsked || !isOn || machine.state === 'running' ? [] : [`${state}, and the machine is ${machine.state}`]),
    ...(isAsked || (state !== 'done' && becomes === 'running' && machine.applied.includes('start m5.large')) || !isOn
      ? []
      : [
          ...(isStreaming(fleet.world, instance) ? [] : [`${state}, and it does not stream`]),
          ...(isNamed(fleet, 'n2') ? [] : [`${state}, and it is not in its name`]),
        ]),
    ...(state === 'done' && becomes === 'stopped' && isNamed(fleet, 'n2') ? ['stopped, and clients are still sent there'] : []),
    ...(isNamed(fleet, 'n3') ? [] : ['the other standby is not in the name']),
  ]
}

const ends: JobState[] = ['attention', 'cancelled', 'done', 'failed', 'undone']
const silent = (fleet: MemoryFleet) => void Object.assign(machineOf(fleet, 'n2'), { startsPostgres: false })
const scenes: Scene[] = [
  { operation: 'stop-machine', where: 'it runs', prepare: () => {}, becomes: 'stopped', stride: 61, ends },
  {
    operation: 'start-machine',
    where: 'PostgreSQL does not come up by itself',
    prepare: (fleet) => {
      powerOff(fleet, 'n2')
      silent(fleet)
    },
    becomes: 'running',
    stride: 61,
    ends: ['cancelled', 'done', 'failed', 'undone'],
  },
  { operation: 'reboot-machine', where: 'PostgreSQL does not come up by itself', prepare: silent, becomes: 'running', stride: 61, ends },
  {
    operation: 'reboot-host',
    isOnInstance: true,
    where: 'PostgreSQL does not come up by itself',
    prepare: silent,
    becomes: 'running',
    stride: 197,
    ends,
  },
  {
    operation: 'upgrade-minor',
    isOnInstance: true,
    where: 'newer packages are there',
    prepare: () => {},
    becomes: 'running',
    stride: 197,
    ends,
  },
]

describe('wherever drivers die, sleep or hand over, and however calls go wrong', () => {
  test.each(scenes)('$operation ends as it says, where $where', { timeout: 300_000 }, async (scene) => {
    const results = await crashMatrix(() => stageOf(scene), { stride: scene.stride })
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results)).sort()).toEqual(scene.ends)
  })
})
