import { expect, test } from 'vitest'
import { blueprintId, launchedTraces, launchFleet, launchInput, planOnBlueprint, runOnBlueprint } from '@/e2e/harness/twin/launch'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { launchHerd } from '..'
import { tearDown } from '../tear-down'
import { launchStandby } from '.'

const planOf = (fleet: MemoryFleet) => planOnBlueprint(fleet, launchStandby)
const run = runOnBlueprint
const launched = async (): Promise<MemoryFleet> => {
  const fleet = launchFleet()
  expect((await run(fleet, launchHerd, 'primary', launchInput)).state).toBe('done')
  fleet.calls.made.length = 0
  return fleet
}
const machinesOf = ({ world }: MemoryFleet) =>
  [...world.launches.machines.values()].filter(({ state }) => state !== 'terminated').map(({ hostname, zone }) => `${hostname} ${zone}`)
const slotsOf = (fleet: MemoryFleet) => [...fleet.instance('shop on shop-1').slots]

test('the plan of a standby names its machine, another zone than the herd’s, its price and each step, and looking changes nothing', async () => {
  const fleet = await launched()
  const plan = await planOf(fleet)
  const herdId = fleet.world.launches.blueprints.get(blueprintId)!.herd!.id
  const text = JSON.stringify(plan, null, 2)
    .replaceAll('\\n', '\n')
    .replaceAll(herdId, 'HERD')
    .replace(/"digest": "[0-9a-f]+"/, '"digest": "…"')
  await expect(`${text}\n`).toMatchFileSnapshot('../../__snapshots__/plans/launch-standby.txt')
  expect(plan.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test('a standby is launched in another zone, streams over a slot of its own before it is registered, and the tear down takes it with the herd', async () => {
  const fleet = await launched()
  expect((await run(fleet, launchStandby, 'standby')).state).toBe('done')
  expect(machinesOf(fleet)).toEqual(['shop-1 us-east-1a', 'shop-2 us-east-1b'])
  const standby = fleet.instance('shop on shop-2')
  expect(standby).toMatchObject({ state: 'running', hasStandbySignal: true, isRegistered: true, made: null })
  expect(slotsOf(fleet)).toEqual(['shop_2'])
  expect((await run(fleet, launchStandby, 'another')).state).toBe('done')
  expect(machinesOf(fleet)).toHaveLength(3)
  const rules = [...fleet.world.launches.groups.values()].flatMap(({ rules }) =>
    rules.filter(({ description }) => description.startsWith('member')),
  )
  expect(rules).toHaveLength(3)
  expect((await run(fleet, tearDown, 'down')).state).toBe('done')
  expect(launchedTraces(fleet)).toEqual([])
})

test('where another zone has no machine to give it is made in the herd’s own; where none has, the herd stands as it did', async () => {
  const near = await launched()
  near.world.exhausted.add('m5a.large')
  expect((await run(near, launchStandby, 'near')).state).toBe('done')
  expect(machinesOf(near)).toEqual(['shop-1 us-east-1a', 'shop-2 us-east-1a'])
  const none = await launched()
  const before = launchedTraces(none).join()
  for (const type of ['m5.large', 'm5a.large']) none.world.exhausted.add(type)
  const { state, journal } = await run(none, launchStandby, 'none')
  expect(state).toBe('undone')
  expect(JSON.stringify(journal.lines)).toContain('EC2 gave none of the choices')
  expect(launchedTraces(none).join()).toBe(before)
})

test('wherever its driver dies, whatever goes wrong and whenever it is cancelled, the herd has a standby that streams or all is as it was', {
  timeout: 120_000,
}, async () => {
  const results = await crashMatrix(
    async () => {
      const fleet = await launched()
      const before = launchedTraces(fleet)
        .filter((one) => one !== 'keys')
        .join()
      const { digest } = await planOf(fleet)
      const planned = new Map<number, Disturbance>()
      fleet.calls.interfere = ({ nth }) => planned.get(nth)
      const journal = new MemoryJournal(fleet.clock)
      return {
        operation: launchStandby,
        job: { id: 'job', targetId: blueprintId, input: {}, digest },
        ports: fleet,
        clock: fleet.clock,
        journal,
        disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
        snapshot: () => `${launchedTraces(fleet).join()} ${slotsOf(fleet).join()}`,
        broken: (state) => {
          const isGivenUp = journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
          const traces = launchedTraces(fleet)
            .filter((one) => one !== 'keys')
            .join()
          const isBack = !isGivenUp && ['undone', 'failed', 'cancelled'].includes(state)
          const standby = [...fleet.world.instances.values()].find(({ host }) => host.server.title === 'shop-2')
          return [
            ...fleet.world.violations,
            ...(isBack && (traces !== before || slotsOf(fleet).length > 0)
              ? [`${state}, and something is left: ${traces}, ${slotsOf(fleet).join()}`]
              : []),
            ...(state === 'done' && !(standby?.isRegistered && standby.state === 'running' && standby.hasStandbySignal)
              ? ['done, and no standby runs']
              : []),
            ...(machinesOf(fleet).length > 2 ? [`${machinesOf(fleet).length} machines run`] : []),
          ]
        },
      }
    },
    { stride: 997, every: 24 },
  )
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results))).toEqual(expect.arrayContaining(['done', 'undone', 'cancelled']))
})
