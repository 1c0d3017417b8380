import { describe, expect, test } from 'vitest'
import { isGivenUp } from '@/e2e/harness/twin/crash-laws'
import { isNamed, machineOf, resizeFleet } from '@/e2e/harness/twin/resize'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '.'

const operation = operationByName('resize')!
const wanted = ['m5.xlarge', 'm6i.xlarge']

const stageOf = async (prepare: (fleet: MemoryFleet) => void): Promise<Stage> => {
  const fleet = resizeFleet()
  prepare(fleet)
  const input = operation.input.parse({ type: wanted[0], fallbacks: wanted[1] }) as JsonObject
  const targetId = fleet.instance('demo on n2').inventory.id
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    operation,
    job: { id: 'job', targetId, input, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => JSON.stringify([machineOf(fleet, 'n2').applied, fleet.instance('demo on n2').applied, fleet.zone('prod.test').applied]),
    broken: (state) => brokenIn(fleet, state, journal.lines),
  }
}

/** Never a machine left stopped, never a primary's machine stopped, and the standby back in its name unless somebody is asked. */
const brokenIn = (fleet: MemoryFleet, state: JobState, lines: readonly JournalLine[]): string[] => {
  const [machine, instance] = [machineOf(fleet, 'n2'), fleet.instance('demo on n2')]
  const isAsked = state === 'attention' || isGivenUp(lines)
  const isWanted = wanted.includes(machine.type)
  // EC2 did not give the former type back: the machine runs all the same, and the journal says as what.
  const isSaid = lines.some((line) => line.kind === 'note' && line.text.includes(`The machine stays ${machine.type}`))
  return [
    ...fleet.world.violations,
    ...(machine.state !== 'running' && !isGivenUp(lines) ? [`${state}, and the machine is ${machine.state}`] : []),
    ...(state === 'done' && !isWanted ? [`done, and the machine is ${machine.type}`] : []),
    ...(['undone', 'failed', 'cancelled'].includes(state) && !isGivenUp(lines) && isWanted && !isSaid
      ? [`${state}, and it is ${machine.type}`]
      : []),
    ...(!isAsked && !isStreaming(fleet.world, instance) ? [`${state}, and it does not stream`] : []),
    ...(!isAsked && !isNamed(fleet, 'n2') ? [`${state}, and it is not in its name`] : []),
    ...(isNamed(fleet, 'n3') ? [] : ['the other standby is not in the name']),
  ]
}

const scenes: [string, number, (fleet: MemoryFleet) => void][] = [
  ['PostgreSQL does not come up by itself', 197, (fleet) => void Object.assign(machineOf(fleet, 'n2'), { startsPostgres: false })],
  ['EC2 has none of the first type', 197, (fleet) => void fleet.world.exhausted.add('m5.xlarge')],
]

describe('wherever drivers die, sleep or hand over, and however acts go wrong', () => {
  test.each(scenes)('a resize never leaves a machine stopped, where %s', { timeout: 300_000 }, async (_scene, stride, prepare) => {
    const results = await crashMatrix(() => stageOf(prepare), { stride })
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
  })
})
