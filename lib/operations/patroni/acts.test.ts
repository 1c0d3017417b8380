import { expect, test } from 'vitest'
import { managedFleet, memberOf, patroniHosts, patroniOn, patroniScope } from '@/e2e/harness/twin/patroni'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { patroniConfigure } from './configure'
import { patroniPause, patroniResume } from './pause'
import { patroniReinitialize } from './reinitialize'
import { patroniReload } from './reload'

const targetOf = (operation: Operation, fleet: MemoryFleet, title = 'shop on n2'): string => {
  const { id, herdId } = fleet.instance(title).inventory
  return operation.on === 'instance' ? id : herdId
}
const planOf = (operation: Operation, fleet: MemoryFleet, raw: JsonObject = {}, title?: string) =>
  makeTargetPlan(
    operation,
    fleet.read,
    operation.input.parse(raw) as JsonObject,
    targetOf(operation, fleet, title),
    new AbortController().signal,
  )

const config = { ttl: 30, postgresql: { parameters: { work_mem: '4MB', max_connections: 100 } } }
const settings = 'postgresql.parameters.work_mem = 16MB\npostgresql.parameters.max_connections = 200'
/** With a configuration; timers run longer than any test. */
const standing = (isPaused = false): MemoryFleet => {
  const fleet = managedFleet((host) => [patroniOn(host, { isPaused })])
  fleet.world.dcs.set(patroniScope, { ...config, ...(isPaused ? { pause: true } : {}) })
  fleet.world.work = () => ({ endsAtMs: Number.MAX_SAFE_INTEGER })
  return fleet
}
const configOf = (fleet: MemoryFleet) => fleet.world.dcs.get(patroniScope)!

const cases = [
  { operation: patroniReload, input: {}, isPaused: false },
  { operation: patroniReinitialize, input: {}, isPaused: false },
  { operation: patroniPause, input: { minutes: 20 }, isPaused: false },
  { operation: patroniResume, input: {}, isPaused: true },
  { operation: patroniConfigure, input: { settings }, isPaused: false },
] as const

test.each(cases)('the plan of $operation.name reads as its snapshot says, and changes nothing', async ({ operation, input, isPaused }) => {
  const fleet = standing(isPaused)
  const planned = await planOf(operation, fleet, input)
  const prod = { id: planned.environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
  const made = { at: fleet.clock.now(), inMs: 0 }
  const plan = composePlan(operation, { ...input }, defaultPolicy, [planned], [prod], { medianSeconds: 3, count: 12 }, made)
  await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot(`../__snapshots__/plans/${operation.name}.txt`)
  expect(planned.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test.each(cases)(
  '$operation.name is refused where no Patroni looks after the herd, and where its API is silent',
  async ({ operation, input }) => {
    const none = await planOf(
      operation,
      managedFleet(() => []),
      input,
    )
    expect(none.reason).toContain('No running Patroni looks after')
    const silent = managedFleet((host) => [patroniOn(host, { isPaused: null, members: [] })])
    expect((await planOf(operation, silent, input)).eligible).toBe(false)
  },
)

test('who is paused is not paused again, who is not is not resumed, and a timer that cannot be left somewhere is said', async () => {
  expect((await planOf(patroniPause, standing(true))).reason).toContain('It is paused already, say shop on n1')
  expect((await planOf(patroniResume, standing())).reason).toBe('It is not paused.')
  const fleet = standing()
  fleet.host('n3').managers = [patroniOn('n3', { isPaused: null, members: [] })]
  const plan = await planOf(patroniPause, fleet)
  expect(plan.gates.find(({ name }) => name === 'hosts')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('shop on n3'),
  })
})

test('the leader is not reinitialised, nor a member while nobody leads', async () => {
  expect((await planOf(patroniReinitialize, standing(), {}, 'shop on n1')).reason).toBe('It is the leader: switch over first.')
  const orphan = managedFleet((host) => [
    patroniOn(host, { members: patroniHosts.map((one, index) => ({ ...memberOf(one, index), role: 'replica' })) }),
  ])
  expect((await planOf(patroniReinitialize, orphan)).reason).toContain('no leader now')
})

test('a password in a value is shown by neither the plan nor the journal of an edit', async () => {
  const fleet = standing()
  fleet.world.dcs.set(patroniScope, { ...config, postgresql: { parameters: { restore_command: 'curl https://me:hunter2@store/%f' } } })
  const [input, targetId] = [{ settings: 'postgresql.parameters.restore_command = null' }, targetOf(patroniConfigure, fleet)]
  const plan = await planOf(patroniConfigure, fleet, input)
  expect(plan.now.at(-1)?.value).toBe('curl https://me:…@store/%f → not set')
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const job = { id: 'job', targetId, input, digest: plan.digest }
  expect(await drive(patroniConfigure, job, journal.open(), fleet, options)).toBe('done')
  const notes = journal.lines.filter(({ kind }) => kind === 'note')
  expect(JSON.stringify(notes)).toContain('https://me:…@store')
  expect(JSON.stringify([plan, notes])).not.toContain('hunter2')
})

test('an edit that changes nothing, that leaves the leader no time, or that is no setting is refused', async () => {
  expect((await planOf(patroniConfigure, standing(), { settings: 'ttl = 30' })).reason).toBe('Every setting is so already.')
  expect((await planOf(patroniConfigure, standing(), { settings: 'loop_wait = 12' })).reason).toContain('the leader key would run out')
  expect(patroniConfigure.input.safeParse({ settings: 'work_mem = 1' }).error!.issues[0]).toMatchObject({
    path: ['settings'],
    message: expect.stringContaining('postgresql.parameters.NAME'),
  })
})

const stageOf = async (
  { operation, input, isPaused }: (typeof cases)[number],
  broken: Law['broken'],
  snapshot: (fleet: MemoryFleet) => unknown,
): Promise<Stage & { fleet: MemoryFleet }> => {
  const fleet = standing(isPaused)
  const { digest, reason } = await planOf(operation, fleet, input)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const journal = new MemoryJournal(fleet.clock)
  return {
    fleet,
    operation,
    job: { id: 'job', targetId: targetOf(operation, fleet), input: operation.input.parse(input) as JsonObject, digest },
    ports: fleet,
    clock: fleet.clock,
    journal,
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => JSON.stringify(snapshot(fleet)),
    broken: (state) => [...fleet.world.violations, ...broken(fleet, state, wasAsked(journal.lines))],
  }
}
const timersOf = (fleet: MemoryFleet) =>
  patroniHosts.map((host) => [...fleet.host(host).work.values()].filter(({ exitCode }) => exitCode === null).length)
const workMem = (fleet: MemoryFleet) => (configOf(fleet).postgresql as typeof config.postgresql).parameters.work_mem
const untouched = ['failed', 'cancelled']

type Lines = MemoryJournal['lines']
/** A person was asked, and abandoned it as it was. */
const wasAsked = (lines: Lines): boolean => lines.some((line) => line.kind === 'attention')

interface Law {
  name: string
  one: (typeof cases)[number]
  words: string
  broken: (fleet: MemoryFleet, state: string, isAsked: boolean) => string[]
  snapshot: (fleet: MemoryFleet) => unknown
  ends: readonly string[]
  stride?: number
}
const laws: Law[] = [
  {
    name: 'patroni-reinit',
    one: cases[1],
    words: 'copied once, or not at all',
    broken: (fleet, state) => {
      const { applied } = fleet.instance('shop on n2')
      return [
        ...(applied.length > 1 ? ['it was copied twice'] : []),
        ...(untouched.includes(state) && applied.length > 0 ? [`${state}, and it was copied`] : []),
      ]
    },
    snapshot: (fleet) => fleet.instance('shop on n2').applied,
    ends: ['attention', 'cancelled', 'done', 'failed'],
  },
  {
    name: 'patroni-pause',
    one: cases[2],
    words: 'never paused without a timer on every host, and nothing left unless a person was asked',
    broken: (fleet, state, isAsked) => {
      const isPaused = configOf(fleet).pause === true
      const timers = timersOf(fleet)
      const isLeft = isPaused || timers.some((count) => count > 0)
      return [
        ...(isPaused && timers.some((count) => count === 0) ? ['paused, and a host has no timer'] : []),
        ...(state === 'done' && !isPaused ? ['done, and not paused'] : []),
        ...([...untouched, 'undone'].includes(state) && isLeft && !isAsked ? [`${state}, and something is left`] : []),
      ]
    },
    snapshot: (fleet) => [configOf(fleet).pause, timersOf(fleet)],
    ends: ['attention', 'cancelled', 'done', 'failed', 'undone'],
    stride: 3,
  },
  {
    name: 'patroni-resume',
    one: cases[3],
    words: 'resumed when it says so',
    broken: (fleet, state) => (state === 'done' && configOf(fleet).pause === true ? ['done, and paused'] : []),
    snapshot: configOf,
    ends: ['cancelled', 'done', 'failed'],
  },
  {
    name: 'patroni-configure',
    one: cases[4],
    words: 'all of it or nothing',
    broken: (fleet, state) => [
      ...(state === 'done' && workMem(fleet) !== '16MB' ? ['done, and not set'] : []),
      ...([...untouched, 'undone'].includes(state) && workMem(fleet) !== '4MB' ? [`${state}, and set`] : []),
    ],
    snapshot: configOf,
    ends: ['cancelled', 'done', 'failed', 'undone'],
  },
]

test.each(laws)('$name ends as it says wherever drivers die and however answers are lost: $words', { timeout: 300_000 }, async (law) => {
  const results = await crashMatrix(() => stageOf(law.one, law.broken, law.snapshot), { stride: law.stride ?? 1 })
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(law.ends)
})

test('what somebody else changes between the plan and the writing is neither overwritten nor lost', async () => {
  const write = async (meanwhile: JsonObject) => {
    const stage = await stageOf(
      cases[4],
      () => [],
      () => null,
    )
    const { fleet } = stage
    const now = configOf(fleet)
    fleet.world.dcs.set(patroniScope, { ...now, ...meanwhile })
    const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: stage.clock }
    const state = await drive(stage.operation, stage.job, stage.journal.open(), fleet, options)
    return { state, config: configOf(fleet) }
  }
  const beside = await write({ ttl: 45 })
  expect(beside).toMatchObject({
    state: 'done',
    config: { ttl: 45, postgresql: { parameters: { work_mem: '16MB', max_connections: 200 } } },
  })
  const same = await write({ postgresql: { parameters: { work_mem: '1GB', max_connections: 100 } } })
  expect(same.state).not.toBe('done')
  expect(same.config).toMatchObject({ postgresql: { parameters: { work_mem: '1GB', max_connections: 100 } } })
})

test('an edit that loses the race against another one is not merged into what nobody has read', async () => {
  const stage = await stageOf(
    cases[4],
    () => [],
    () => null,
  )
  const { fleet } = stage
  fleet.calls.interfere = () => {
    fleet.world.dcs.set(patroniScope, { ...configOf(fleet), ttl: 45 })
    return undefined
  }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: stage.clock }
  expect(await drive(stage.operation, stage.job, stage.journal.open(), fleet, options)).toBe('undone')
  expect(configOf(fleet)).toEqual({ ...config, ttl: 45 })
})
