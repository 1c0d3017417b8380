import { expect, test } from 'vitest'
import { blueprintId, launchedTraces, launchFleet, launchInput } from '@/e2e/harness/twin/launch'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { launchHerd } from '..'
import { launchStandby } from '../standby'
import { replaceMachine } from '.'

const anyMember = { member: '' }
const signal = new AbortController().signal
const planOf = (fleet: MemoryFleet, operation: Operation = replaceMachine, input: JsonObject = anyMember) =>
  makeTargetPlan(operation, fleet.read, input, blueprintId, signal)

const run = async (
  fleet: MemoryFleet,
  operation: Operation,
  id: string,
  input: JsonObject = operation === replaceMachine ? anyMember : {},
) => {
  const { digest, reason } = await planOf(fleet, operation, input)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal, isCancelRequested: () => false, clock: fleet.clock }
  return { state: await drive(operation, { id, targetId: blueprintId, input, digest }, journal.open(), fleet, options), journal }
}
const launched = async (): Promise<MemoryFleet> => {
  const fleet = launchFleet()
  expect((await run(fleet, launchHerd, 'primary', launchInput)).state).toBe('done')
  // The observer has looked.
  fleet.instance('shop on shop-1').wasSeen = true
  fleet.calls.made.length = 0
  return fleet
}
const machinesOf = ({ world }: MemoryFleet) => [...world.launches.machines.values()].filter(({ state }) => state !== 'terminated')
const volumeOf = ({ world }: MemoryFleet) => [...world.launches.volumes.values()].find(({ goesWithMachine }) => !goesWithMachine)!
const primaryOf = (fleet: MemoryFleet) => fleet.instance('shop on shop-1')
/** As AWS does it: the machine goes with whatever runs on it. */
const take = async (fleet: MemoryFleet, state: 'shutting-down' | 'terminated' = 'terminated') => {
  const [machine] = machinesOf(fleet)
  await fleet.act.cloud.terminate({ accountId: 'account', region: 'us-east-1' }, [machine!.id], { timeoutMs: 1000 })
  if (state === 'terminated') await fleet.clock.sleep(60_000, signal)
  primaryOf(fleet).state = 'crashed'
  fleet.calls.made.length = 0
  return machine!
}

test('the plan names the volume, the machine that takes its place in the same zone, what is lost with the system disk and each step, and looking changes nothing', async () => {
  const fleet = await launched()
  const plan = await planOf(fleet)
  const herdId = fleet.world.launches.blueprints.get(blueprintId)!.herd!.id
  const ids = [herdId, primaryOf(fleet).inventory.id, machinesOf(fleet)[0]!.id, volumeOf(fleet).id]
  const text = ['HERD', 'INSTANCE', 'i-OLD', 'vol-DATA']
    .reduce((said, name, at) => said.replaceAll(ids[at]!, name), JSON.stringify(plan, null, 2))
    .replaceAll('\\n', '\n')
    .replace(/"digest": "[0-9a-f]+"/, '"digest": "…"')
  await expect(`${text}\n`).toMatchFileSnapshot('../../__snapshots__/plans/replace-machine.txt')
  expect(plan.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test('a primary that runs shuts down only once the new machine is ready, and is the same instance and server there with its data', async () => {
  const fleet = await launched()
  const { id, serverId, address } = primaryOf(fleet).inventory
  const [old, { id: volumeId }] = [machinesOf(fleet)[0]!, volumeOf(fleet)]
  const system = primaryOf(fleet).systemIdentifier
  expect((await run(fleet, replaceMachine, 'move')).state).toBe('done')
  const [machine, ...more] = machinesOf(fleet)
  expect([machine!.state, machine!.zone, more]).toEqual(['running', old.zone, []])
  expect(volumeOf(fleet)).toMatchObject({ id: volumeId, machineId: machine!.id, state: 'in-use' })
  const now = primaryOf(fleet)
  expect(now).toMatchObject({ state: 'running', hasStandbySignal: false, systemIdentifier: system, inventory: { id, serverId } })
  expect(now.inventory.address.host).toMatchObject({
    hostname: 'shop-1',
    address: machine!.privateAddress,
    hostKey: machine!.tags['matriarch:host-key'],
  })
  expect(now.inventory.address.host.address).not.toBe(address.host.address)
  const acts = fleet.calls.made.map(({ act }) => act)
  expect(acts.indexOf('install packages')).toBeLessThan(acts.indexOf('stop fast'))
  expect(acts.indexOf('stop fast')).toBeLessThan(acts.indexOf('terminate'))
  expect(fleet.world.violations).toEqual([])
  // It can be done again, and the herd gets standbys as before.
  expect((await run(fleet, replaceMachine, 'again')).state).toBe('done')
  expect((await run(fleet, launchStandby, 'standby')).state).toBe('done')
  const { passwords } = primaryOf(fleet).host
  expect(passwords.size).toBe(1)
  expect((await run(fleet, replaceMachine, 'followed')).state).toBe('done')
  const other = primaryOf(fleet).host
  expect([other.passwords === passwords, other.passwords], 'the password that its members log in with').toEqual([false, passwords])
})

test('of a machine that AWS has taken, or is taking, the volume comes once EC2 says that it is free', async () => {
  for (const state of ['terminated', 'shutting-down'] as const) {
    const fleet = await launched()
    const old = await take(fleet, state)
    expect((await run(fleet, replaceMachine, 'move')).state).toBe('done')
    expect(primaryOf(fleet)).toMatchObject({ state: 'running', hasStandbySignal: false })
    expect(volumeOf(fleet).machineId).not.toBe(old.id)
    expect(fleet.calls.made.map(({ act }) => act)).not.toContain('stop fast')
    expect(fleet.world.violations).toEqual([])
  }
})

test('where its zone has no machine to give nothing is stopped, and a machine launched in vain is taken away', async () => {
  const fleet = await launched()
  for (const type of ['m5.large', 'm5a.large']) fleet.world.exhausted.add(type)
  const { state, journal } = await run(fleet, replaceMachine, 'none')
  expect(state).toBe('undone')
  expect(JSON.stringify(journal.lines)).toContain('EC2 gave none of the choices')
  expect(primaryOf(fleet).state).toBe('running')
  expect(machinesOf(fleet)).toHaveLength(1)
})

test('it is refused while another member takes writes or may have begun to, without its volume, and where that goes with the machine', async () => {
  const reasonOf = async (change: (fleet: MemoryFleet) => unknown) => {
    const fleet = await launched()
    await change(fleet)
    return (await planOf(fleet)).reason
  }
  const withStandby = async (fleet: MemoryFleet) => {
    expect((await run(fleet, launchStandby, 'standby')).state).toBe('done')
    return fleet.instance('shop on shop-2')
  }
  expect(
    await reasonOf(async (fleet) => {
      const standby = await withStandby(fleet)
      Object.assign(standby, { hasStandbySignal: false, timeline: 2 })
    }),
  ).toMatch(/both are primaries/)
  expect(
    await reasonOf(async (fleet) => {
      const standby = await withStandby(fleet)
      await take(fleet)
      standby.host.power = 'cut'
    }),
  ).toMatch(/shop on shop-2 cannot be seen: whether it was promoted meanwhile is not known/)
  expect(await reasonOf((fleet) => void fleet.world.launches.volumes.delete(volumeOf(fleet).id))).toMatch(/no volume with the data/)
  expect(await reasonOf((fleet) => void Object.assign(volumeOf(fleet), { machineId: 'i-thief' }))).toMatch(/attached to i-thief/)
  expect(await reasonOf((fleet) => void fleet.world.launches.machines.set('i-stray', { ...machinesOf(fleet)[0]!, id: 'i-stray' }))).toMatch(
    /i-stray runs under the name of its host too/,
  )
  expect(await reasonOf((fleet) => void Object.assign(volumeOf(fleet), { goesWithMachine: true }))).toMatch(/is deleted with its machine/)
})

test('a volume that somebody else has attached meanwhile is left alone, one that would go with its machine keeps it, and no second primary starts when another one was promoted', async () => {
  const stolen = await launched()
  const thief = { ...machinesOf(stolen)[0]!, id: 'i-thief', hostname: null, tags: {}, next: null }
  stolen.calls.afterwards = ({ act }) => {
    if (act !== 'terminate') return
    stolen.world.launches.machines.set('i-thief', { ...thief, state: 'running' })
    Object.assign(volumeOf(stolen), { machineId: 'i-thief', state: 'in-use' })
  }
  const { state, journal } = await run(stolen, replaceMachine, 'move')
  expect(state).toBe('attention')
  expect(JSON.stringify(journal.lines)).toContain('is attached to i-thief: somebody else has taken it')
  expect(volumeOf(stolen).machineId).toBe('i-thief')

  const doomed = await launched()
  doomed.calls.afterwards = ({ act }) => {
    if (act === 'stop fast') Object.assign(volumeOf(doomed), { goesWithMachine: true })
  }
  const kept = await run(doomed, replaceMachine, 'move')
  expect(kept.state).toBe('undone')
  expect(JSON.stringify(kept.journal.lines)).toContain('would be deleted with its machine, so the machine is not terminated')
  expect([primaryOf(doomed).state, machinesOf(doomed).length]).toEqual(['running', 1])

  const promoted = await launched()
  expect((await run(promoted, launchStandby, 'standby')).state).toBe('done')
  promoted.calls.afterwards = ({ act }) => {
    if (act === 'attach volume') Object.assign(promoted.instance('shop on shop-2'), { hasStandbySignal: false, timeline: 2 })
  }
  const second = await run(promoted, replaceMachine, 'move')
  expect(second.state).toBe('attention')
  expect(JSON.stringify(second.journal.lines)).toContain('shop on shop-2 takes writes')
  expect(primaryOf(promoted).state).not.toBe('running')
  expect(promoted.world.violations).toEqual([])
})

const matrixOn = (isTaken: boolean) =>
  crashMatrix(
    async () => {
      const fleet = await launched()
      if (isTaken) await take(fleet, 'shutting-down')
      const before = launchedTraces(fleet).join()
      const { digest } = await planOf(fleet)
      const planned = new Map<number, Disturbance>()
      fleet.calls.interfere = ({ nth }) => planned.get(nth)
      const journal = new MemoryJournal(fleet.clock)
      return {
        operation: replaceMachine,
        job: { id: 'job', targetId: blueprintId, input: anyMember, digest },
        ports: fleet,
        clock: fleet.clock,
        journal,
        disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
        snapshot: () => `${launchedTraces(fleet).join()} ${primaryOf(fleet).state} ${volumeOf(fleet).machineId}`,
        broken: (state) => {
          const isGivenUp = journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
          const isBack = !isGivenUp && ['undone', 'failed', 'cancelled'].includes(state)
          const volumes = [...fleet.world.launches.volumes.values()].filter(({ goesWithMachine }) => !goesWithMachine)
          const { state: runs, host, inventory } = primaryOf(fleet)
          const isReached = inventory.address.host.address === host.server.address.address
          return [
            ...fleet.world.violations,
            ...(volumes.length === 1 ? [] : [`${volumes.length} volumes hold the data`]),
            ...(isBack && !isTaken && (runs !== 'running' || launchedTraces(fleet).join() !== before)
              ? [`${state}, and it is not as it was: ${runs}, ${launchedTraces(fleet).join()}`]
              : []),
            ...(state === 'done' && (runs !== 'running' || !isReached)
              ? [`done, and it is ${runs}, ${isReached ? 'reached' : 'not reached'}`]
              : []),
            ...(state === 'done' && machinesOf(fleet).length !== 1 ? [`done, and ${machinesOf(fleet).length} machines run`] : []),
          ]
        },
      }
    },
    { stride: 997, every: 24 },
  )

test.each([false, true])(
  'wherever its driver dies, whatever goes wrong and whenever it is cancelled, the data are on one volume and one primary at most writes (taken: %s)',
  {
    timeout: 120_000,
  },
  async (isTaken) => {
    const results = await matrixOn(isTaken)
    expect(brokenOf(results).slice(0, 10)).toEqual([])
    expect(Object.keys(countStates(results))).toEqual(expect.arrayContaining(['done', 'undone', 'cancelled']))
  },
)
