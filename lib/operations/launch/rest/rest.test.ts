import { expect, test } from 'vitest'
import { blueprintId, launchFleet, launchInput, planOnBlueprint, runOnBlueprint, shopBlueprint } from '@/e2e/harness/twin/launch'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { InventoryBlueprint } from '@/lib/ports'
import { launchHerd } from '..'
import { launchStandby } from '../standby'
import { tearDown } from '../tear-down'
import { resumeHerd, stopHerd } from '.'

const planOf = planOnBlueprint
const run = runOnBlueprint

const onDemand = shopBlueprint({
  choices: shopBlueprint().choices.filter(({ market }) => market === 'on-demand'),
  standbyChoices: shopBlueprint().standbyChoices.map((one) => ({ ...one, market: 'on-demand' })),
})

/** A primary and a standby. */
const launched = async (blueprint?: InventoryBlueprint): Promise<MemoryFleet> => {
  const fleet = launchFleet(blueprint)
  expect((await run(fleet, launchHerd, 'primary', launchInput)).state).toBe('done')
  expect((await run(fleet, launchStandby, 'standby')).state).toBe('done')
  fleet.calls.made.length = 0
  return fleet
}
const stopped = async (blueprint?: InventoryBlueprint): Promise<MemoryFleet> => {
  const fleet = await launched(blueprint)
  expect((await run(fleet, stopHerd, 'stopping')).state).toBe('done')
  fleet.calls.made.length = 0
  return fleet
}
const blueprintIn = ({ world }: MemoryFleet) => world.launches.blueprints.get(blueprintId)!
const machinesOf = ({ world }: MemoryFleet) =>
  [...world.launches.machines.values()]
    .filter(({ state }) => state !== 'terminated')
    .map(({ hostname, state, market }) => `${hostname} ${market} ${state}`)
const dataOf = ({ world }: MemoryFleet) =>
  [...world.launches.volumes.values()].filter(({ goesWithMachine }) => !goesWithMachine).map(({ id, state }) => `${id} ${state}`)
const members = (fleet: MemoryFleet) =>
  [fleet.instance('shop on shop-1'), fleet.instance('shop on shop-2')].map(
    ({ state, hasStandbySignal }) => `${hasStandbySignal ? 'standby' : 'primary'} ${state}`,
  )
const runs = ['primary running', 'standby running']
const rests = ['primary stopped', 'standby stopped']

const planText = async (fleet: MemoryFleet, operation: Operation) => {
  const plan = await planOf(fleet, operation)
  expect([plan.eligible, plan.reason, fleet.calls.made]).toEqual([true, null, []])
  const text = JSON.stringify(plan, null, 2)
    .replaceAll('\\n', '\n')
    .replaceAll(blueprintIn(fleet).herd!.id, 'HERD')
    .replace(/"digest": "[0-9a-f]+"/, '"digest": "…"')
    .replaceAll(/(i|vol)-[0-9a-f]{17}|sg-[0-9a-f]{17}/g, (one) => `${one.split('-')[0]}-…`)
  return `${text}\n`
}

test('the plans of a stop and of a resume name each machine and volume with what a month costs before and after, and looking changes nothing', async () => {
  const fleet = await launched()
  await expect(await planText(fleet, stopHerd)).toMatchFileSnapshot('../../__snapshots__/plans/stop-herd.txt')
  const asleep = await stopped()
  await expect(await planText(asleep, resumeHerd)).toMatchFileSnapshot('../../__snapshots__/plans/resume-herd.txt')
})

test('one-time spot machines are terminated, their volumes stay, and a resume brings the same data back on new machines, streaming, under keys that EC2 told', async () => {
  const fleet = await stopped()
  const data = dataOf(fleet).map((one) => one.split(' ')[0])
  expect([machinesOf(fleet), members(fleet), dataOf(fleet)]).toEqual([[], rests, data.map((id) => `${id} available`)])
  expect(blueprintIn(fleet).stoppedAt).not.toBeNull()
  const again = await planOf(fleet, stopHerd)
  expect(again.eligible).toBe(false)
  expect((await run(fleet, resumeHerd, 'resuming')).state).toBe('done')
  expect([machinesOf(fleet), members(fleet)]).toEqual([['shop-1 spot running', 'shop-2 spot running'], runs])
  expect(dataOf(fleet)).toEqual(data.map((id) => `${id} in-use`))
  expect(blueprintIn(fleet).stoppedAt).toBeNull()
  expect((await run(fleet, tearDown, 'down')).state).toBe('done')
})

test('on-demand machines stop, the standbys’ first, and start again; the addresses that they have then are registered and let in', async () => {
  const fleet = await launched(onDemand)
  const before = fleet.world.hosts.get('shop-1')!.server.address.address
  expect((await run(fleet, stopHerd, 'stopping')).state).toBe('done')
  const stops = fleet.calls.made.filter(({ act }) => act === 'stop').map(({ target }) => target)
  const [primary, standby] = [...fleet.world.launches.machines.values()].map(({ id }) => id)
  expect(stops).toEqual([standby, primary])
  expect(machinesOf(fleet)).toEqual(['shop-1 on-demand stopped', 'shop-2 on-demand stopped'])
  expect((await run(fleet, resumeHerd, 'resuming')).state).toBe('done')
  expect([machinesOf(fleet), members(fleet)]).toEqual([['shop-1 on-demand running', 'shop-2 on-demand running'], runs])
  const after = fleet.world.hosts.get('shop-1')!.server.address
  expect(after.address).not.toBe(before)
  const rules = [...fleet.world.launches.groups.values()].flatMap((group) => group.rules.map(({ network }) => network))
  expect(rules).toContain(`${after.address}/32`)
})

test('what would lose data, or cannot come back, is refused with what to do', async () => {
  const refusals = async (fleet: MemoryFleet, operation: Operation) =>
    (await planOf(fleet, operation)).gates.flatMap(({ name, verdict, because }) => (verdict === 'refuse' ? [`${name}: ${because}`] : []))
  const bare = launchFleet(shopBlueprint({}, { storageGb: null }))
  expect((await run(bare, launchHerd, 'primary', launchInput)).state).toBe('done')
  expect(await refusals(bare, stopHerd)).toEqual([
    expect.stringMatching(/^kept: shop on shop-1: on a one-time spot machine, which EC2 cannot stop.*system disk/),
  ])
  expect((await refusals(launchFleet(), stopHerd)).join()).toContain('No herd was launched from it')
  expect((await refusals(await launched(), resumeHerd)).join()).toContain('It runs')
  const gone = await stopped()
  gone.world.launches.volumes.clear()
  expect((await refusals(gone, resumeHerd)).join()).toContain('neither machine nor volume is there any more')
})

test('where EC2 has no machine to give, the resume says so and takes nothing away; once it has one, the next resume goes on', async () => {
  const fleet = await stopped()
  for (const type of ['m5.large', 'm5a.large']) fleet.world.exhausted.add(type)
  const { journal } = await run(fleet, resumeHerd, 'none')
  expect(JSON.stringify(journal.lines)).toContain('EC2 gave none of the choices')
  expect(dataOf(fleet)).toHaveLength(2)
  fleet.world.exhausted.clear()
  expect((await run(fleet, resumeHerd, 'again')).state).toBe('done')
  expect(members(fleet)).toEqual(runs)
})

const matrixOf = (
  operation: Operation,
  start: () => Promise<MemoryFleet>,
  laws: (fleet: MemoryFleet, state: string, isKept: boolean) => string[],
  every: number,
) =>
  crashMatrix(
    async () => {
      const fleet = await start()
      const { digest } = await planOf(fleet, operation)
      const planned = new Map<number, Disturbance>()
      fleet.calls.interfere = ({ nth }) => planned.get(nth)
      const journal = new MemoryJournal(fleet.clock)
      return {
        operation,
        job: { id: 'job', targetId: blueprintId, input: {}, digest },
        ports: fleet,
        clock: fleet.clock,
        journal,
        disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
        snapshot: () => [...machinesOf(fleet), ...dataOf(fleet), ...members(fleet)].join(),
        broken: (state) => [
          ...fleet.world.violations,
          ...(dataOf(fleet).length === 2 ? [] : [`the data are gone: ${dataOf(fleet).join() || 'no volume'}`]),
          ...laws(fleet, state, !journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')),
        ],
      }
    },
    { stride: 997, every },
  )

test('wherever a stop is interrupted, no machine goes under a server that runs and no data with it; undone, everything runs', {
  timeout: 120_000,
}, async () => {
  const results = await matrixOf(
    stopHerd,
    launched,
    (fleet, state, isKept) => [
      ...(state === 'done' && (machinesOf(fleet).length > 0 || blueprintIn(fleet).stoppedAt === null) ? ['done, and not at rest'] : []),
      ...(['undone', 'cancelled', 'failed'].includes(state) &&
      isKept &&
      machinesOf(fleet).length === 2 &&
      members(fleet).join() !== runs.join()
        ? [`${state}, and ${members(fleet).join()}`]
        : []),
    ],
    5,
  )
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results))).toEqual(expect.arrayContaining(['done', 'undone']))
})

test('wherever a resume is interrupted, the data stay, no member has two machines, and done means that the standby streams', {
  timeout: 120_000,
}, async () => {
  const results = await matrixOf(
    resumeHerd,
    stopped,
    (fleet, state) => [
      ...(state === 'done' && members(fleet).join() !== runs.join() ? [`done, and ${members(fleet).join()}`] : []),
      ...(machinesOf(fleet).length > 2 ? [`${machinesOf(fleet).join()} run`] : []),
    ],
    53,
  )
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results))).toEqual(expect.arrayContaining(['done']))
})
