import { describe, expect, test } from 'vitest'
import { isGivenUp } from '@/e2e/harness/twin/crash-laws'
import { hookedFleet, isNamed, machineOf, resizeFleet } from '@/e2e/harness/twin/resize'
import { type MemoryFleet, MemoryJournal, type MemoryPooler } from '@/lib/adapters/memory'
import { isStreaming } from '@/lib/adapters/memory/world/wal'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import type { JobState, JournalLine } from '@/lib/kernel/ground/journal'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { operationByName } from '.'

const operation = operationByName('resize')!
const wanted = ['m5.xlarge', 'm6i.xlarge']

const stageOf = async (prepare: (fleet: MemoryFleet) => void, open: () => MemoryFleet): Promise<Stage> => {
  const fleet = open()
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
    snapshot: () =>
      JSON.stringify([
        fleet.world.scripted.map(({ environment }) => environment.MATRIARCH_CALL),
        machineOf(fleet, 'n2').applied,
        fleet.instance('demo on n2').applied,
        fleet.zone('prod.test').applied,
      ]),
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
    ...brokenScripts(fleet, state, isAsked),
    ...[...fleet.world.poolers.values()].flatMap((pooler) => brokenReaders(pooler, state)),
  ]
}

/** Clients are paused only while somebody is asked, and never where nothing would let them go on. */
const brokenReaders = ({ databases, timers }: MemoryPooler, state: JobState): string[] => {
  if (!databases.get('shop_ro')?.isPaused) return []
  const isTimed = timers.some(({ outcome, arming }) => outcome === null && arming.databases.some(({ name }) => name === 'shop_ro'))
  return [
    ...(state === 'attention' ? [] : [`${state}, and clients of the pooler are paused`]),
    ...(isTimed ? [] : [`${state}, clients of the pooler are paused, and no timer would let them go on`]),
  ]
}

/** What was moved away is moved back and what was muted is told of its return, unless a person is asked; and clients are never moved back to a server that is down. */
const brokenScripts = ({ world }: MemoryFleet, state: JobState, isAsked: boolean): string[] => {
  const ran = world.scripted.map(({ file, argv }) => (file === 'dns-change.sh' ? argv[0]! : file))
  const [last] = ran.filter((one) => one.startsWith('SCALE')).slice(-1)
  const ended = ran.lastIndexOf('post-streaming.sh') > ran.lastIndexOf('pre-resize.sh')
  return [
    ...(!isAsked && last === 'SCALE_DOWN' ? [`${state}, and clients are away`] : []),
    ...(!isAsked && ran.includes('pre-resize.sh') && !ended ? [`${state}, and the hooks of the return did not run`] : []),
    ...(state === 'done' &&
    world.hooks.length > 0 &&
    !['SCALE_DOWN', 'pre-resize.sh', 'post-streaming.sh', 'SCALE_UP'].every((one) => ran.includes(one))
      ? [`done, and only these ran: ${ran.join(', ')}`]
      : []),
  ]
}

/** Scripts that break a law of the world where they run while they must not. */
const watched = (fleet: MemoryFleet): void => {
  const { world } = fleet
  world.scripts.set('dns-change.sh', ([action]) => {
    const { state } = fleet.instance('demo on n2')
    if (action === 'SCALE_UP' && state !== 'running') world.violations.push(`clients were moved back while it was ${state}`)
    return { exitCode: 0, output: '' }
  })
}

const scenes: [string, number, (fleet: MemoryFleet) => void, (() => MemoryFleet)?, number?][] = [
  ['scripts move its clients and hear of it', 397, watched, hookedFleet, 3],
  ['PostgreSQL does not come up by itself', 197, (fleet) => void Object.assign(machineOf(fleet, 'n2'), { startsPostgres: false })],
  ['EC2 has none of the first type', 197, (fleet) => void fleet.world.exhausted.add('m5.xlarge')],
]

describe('wherever drivers die, sleep or hand over, and however acts go wrong', () => {
  test.each(scenes)(
    'a resize never leaves a machine stopped, where %s',
    { timeout: 300_000 },
    async (_scene, stride, prepare, open = resizeFleet, every = 1) => {
      const results = await crashMatrix(() => stageOf(prepare, open), { stride, every })
      expect(brokenOf(results)).toEqual([])
      expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
    },
  )

  test('a resize never leaves a machine stopped, where EC2 has neither the wanted types nor the former one: another one stands in', {
    timeout: 300_000,
  }, async () => {
    const none = (fleet: MemoryFleet) => {
      for (const type of [...wanted, 'm5.large']) fleet.world.exhausted.add(type)
    }
    const results = await crashMatrix(() => stageOf(none, resizeFleet), { stride: 997, every: 7 })
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'failed', 'undone'])
  })
})
