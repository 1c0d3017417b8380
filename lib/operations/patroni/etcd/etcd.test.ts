import { expect, test } from 'vitest'
import { managedFleet, patroniHosts, patroniOn, patroniScope } from '@/e2e/harness/twin/patroni'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { etcdDefragment } from './defragment'
import { etcdDisarm } from './disarm'
import { etcdSnapshot } from './snapshot'

/** Three members that hold more than they use, the first of them the leader, and an alarm. */
const standing = (isUp: (name: string) => boolean = () => true): MemoryFleet => {
  const fleet = managedFleet((host) => [patroniOn(host)])
  const members = patroniHosts.map((name, index) => ({
    ...{ id: String(index + 1), name, urls: [`https://${name}:2379`], isLeader: index === 0, isLearner: false, isUp: isUp(name) },
    ...{ version: '3.4.23', databaseBytes: 4_194_304, usedBytes: 4_194_304, revision: 41, because: null },
  }))
  const alarms = [{ memberId: '2', alarm: 'NOSPACE' }]
  const hasQuorum = members.filter((one) => one.isUp).length > 1
  fleet.world.etcd.set(patroniScope, { clusterId: '17', endpoints: [], members, hasQuorum, alarms, certificates: [] })
  return fleet
}
const etcdOf = (fleet: MemoryFleet) => fleet.world.etcd.get(patroniScope)!
const herdId = (fleet: MemoryFleet) => fleet.instance('shop on n1').inventory.herdId
const planOf = (operation: typeof etcdDefragment, fleet: MemoryFleet) =>
  makeTargetPlan(operation, fleet.read, operation.input.parse({}) as JsonObject, herdId(fleet), new AbortController().signal)

const defragmented = async (fleet: MemoryFleet) => {
  const { digest } = await planOf(etcdDefragment, fleet)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const job = { id: 'job', targetId: herdId(fleet), input: {}, digest }
  return drive(etcdDefragment, job, new MemoryJournal(fleet.clock).open(), fleet, options)
}

const all = [etcdDefragment, etcdDisarm, etcdSnapshot]

test.each(all)('the plan of $name reads as its snapshot says, and changes nothing', async (operation) => {
  const fleet = standing()
  const planned = await planOf(operation, fleet)
  const prod = { id: planned.environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
  const made = { at: fleet.clock.now(), inMs: 0 }
  const plan = composePlan(operation, {}, defaultPolicy, [planned], [prod], { medianSeconds: 3, count: 12 }, made)
  await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot(`../../__snapshots__/plans/${operation.name}.txt`)
  expect(planned.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test('nothing is defragmented while a member is down, nor disarmed without a majority or an alarm', async () => {
  expect(
    (
      await planOf(
        etcdDefragment,
        standing((name) => name !== 'n3'),
      )
    ).reason,
  ).toContain('n3 does not answer')
  expect(
    (
      await planOf(
        etcdDisarm,
        standing((name) => name === 'n1'),
      )
    ).reason,
  ).toContain('No majority')
  const quiet = standing()
  quiet.world.etcd.set(patroniScope, { ...etcdOf(quiet), alarms: [] })
  expect((await planOf(etcdDisarm, quiet)).reason).toBe('It has none.')
})

test('the leader is defragmented last, and no member before the others answer again', async () => {
  const fleet = standing()
  const busy: string[] = []
  fleet.calls.afterwards = ({ act }) => {
    const [, id] = /^etcd defragment (.)$/.exec(act) ?? []
    if (id === undefined) return
    busy.push(id)
    // It is away for a moment, and another begun meanwhile would be two.
    const away = (isUp: boolean) => {
      const seen = etcdOf(fleet)
      fleet.world.etcd.set(patroniScope, { ...seen, members: seen.members.map((one) => (one.id === id ? { ...one, isUp } : one)) })
    }
    away(false)
    void fleet.clock.sleep(1500).then(() => away(true))
  }
  expect(await defragmented(fleet)).toBe('done')
  expect(busy).toEqual(['2', '3', '1'])
})

test('a member that forgets old revisions a moment after the one that was asked is defragmented too', async () => {
  const fleet = standing()
  const setUsed = (usedBytes: number) => {
    const seen = etcdOf(fleet)
    fleet.world.etcd.set(patroniScope, { ...seen, members: seen.members.map((one) => (one.id === '3' ? { ...one, usedBytes } : one)) })
  }
  const late = etcdOf(fleet).members.find(({ id }) => id === '3')!
  fleet.calls.afterwards = ({ act }) => {
    if (!act.startsWith('etcd compact')) return
    setUsed(late.databaseBytes!)
    void fleet.clock.sleep(1500).then(() => setUsed(16_384))
  }
  expect([await defragmented(fleet), etcdOf(fleet).members.map(({ databaseBytes }) => databaseBytes)]).toEqual([
    'done',
    [16_384, 16_384, 16_384],
  ])
})

test('a member that is written to after it was defragmented, so that pages of it are free again, counts as defragmented', async () => {
  const fleet = standing()
  let times = 0
  fleet.calls.afterwards = ({ act }) => {
    if (!act.startsWith('etcd defragment')) return
    times += 1
    const seen = etcdOf(fleet)
    const members = seen.members.map((one) => ({ ...one, databaseBytes: one.databaseBytes! + 400 * 1024 }))
    fleet.world.etcd.set(patroniScope, { ...seen, members })
  }
  expect([await defragmented(fleet), times]).toEqual(['done', 3])
})

const laws = [
  {
    operation: etcdDefragment,
    broken: (fleet: MemoryFleet, state: string) =>
      state === 'done' && etcdOf(fleet).members.some(({ databaseBytes }) => databaseBytes! > 20_000) ? ['done, and not defragmented'] : [],
  },
  {
    operation: etcdDisarm,
    broken: (fleet: MemoryFleet, state: string) =>
      state === 'done' && etcdOf(fleet).alarms.length > 0 ? ['done, and an alarm is left'] : [],
  },
  {
    operation: etcdSnapshot,
    broken: (fleet: MemoryFleet, state: string) =>
      state === 'done' && fleet.world.snapshots.size !== 1 ? ['done, and not one snapshot'] : [],
  },
]

test.each(laws)(
  '$operation.name is done when it says so, wherever drivers die and however answers are lost',
  { timeout: 120_000 },
  async (law) => {
    const results = await crashMatrix(
      async () => {
        const fleet = standing()
        const { digest } = await planOf(law.operation, fleet)
        const planned = new Map<number, Disturbance>()
        fleet.calls.interfere = ({ nth }) => planned.get(nth)
        return {
          operation: law.operation,
          job: { id: 'job', targetId: herdId(fleet), input: law.operation.input.parse({}) as JsonObject, digest },
          ports: fleet,
          clock: fleet.clock,
          journal: new MemoryJournal(fleet.clock),
          disturb: (nth: number, how: Disturbance) => void planned.set(fleet.calls.made.length + nth, how),
          snapshot: () => JSON.stringify([etcdOf(fleet), [...fleet.world.snapshots]]),
          broken: (state: string) => law.broken(fleet, state),
        }
      },
      { stride: law.operation === etcdDefragment ? 4 : 1 },
    )
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results))).toContain('done')
  },
)
