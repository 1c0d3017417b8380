import { expect, test } from 'vitest'
import { redeclare, replaceHost, shopFile, stackId, standingFleet, tracesOf } from '@/e2e/harness/twin/stack'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { stackHost } from '@/lib/adapters/memory/stack-host'
import { patroniConfigPath } from '@/lib/domain/stack/patroni-file'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { buildCluster } from '.'

const planOf = (fleet: MemoryFleet) => makeTargetPlan(buildCluster, fleet.read, {}, stackId, new AbortController().signal)
const willRun = async (fleet: MemoryFleet) =>
  (await planOf(fleet)).effects.filter(({ state }) => state === 'will-run').map(({ name }) => name)

const run = async (fleet: MemoryFleet, journal = new MemoryJournal(fleet.clock)) => {
  const { digest, reason } = await planOf(fleet)
  expect(reason).toBeNull()
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(buildCluster, { id: 'job', targetId: stackId, input: {}, digest }, journal.open(), fleet, options)
  return { state, last: journal.lines.slice(-6) }
}

const three = 'cluster: shop\nnetwork: 10.0.0.0/8\n'
const serversOf = (servers: Record<string, string>) =>
  `${three}servers:\n${Object.entries(servers)
    .map(([name, parts]) => `  ${name}: [${parts}]\n`)
    .join('')}`
const usual = { db1: 'postgres, etcd', db2: 'postgres, etcd', edge: 'etcd, pooler, proxy' }
const reasonOf = async (fleet: MemoryFleet) => {
  const made = fleet.calls.made.length
  const { reason } = await planOf(fleet)
  expect(fleet.calls.made.length).toBe(made)
  return reason
}
const configOf = (fleet: MemoryFleet, server: string, path: string) => stackHost(fleet.world, server).files.get(path)?.content ?? ''
const etcdOf = (fleet: MemoryFleet) =>
  fleet.world.stacks.etcd.get('shop')!.map(({ name, isLearner }) => `${name}${isLearner ? ' (learner)' : ''}`)
/** Packages stay, and what keeps them from creating clusters. */
const leftOn = (fleet: MemoryFleet, server: string) =>
  tracesOf(fleet).filter((one) => one.startsWith(`${server}: `) && !/\/usr\/|createcluster/.test(one))
const instancesOf = (fleet: MemoryFleet) =>
  [...fleet.world.instances.values()]
    .filter(({ inventory, isRegistered }) => isRegistered && inventory.herdName === 'shop')
    .map(({ host }) => host.server.title)
    .sort()

test('a server added to the file joins: its member is cloned, and pg_hba, proxies and the herd follow; built again nothing is changed', async () => {
  const fleet = await standingFleet(shopFile, ['db3'])
  expect(await willRun(fleet)).toEqual([])
  redeclare(fleet, serversOf({ ...usual, db3: 'postgres' }))
  const plan = await planOf(fleet)
  await expect(`${JSON.stringify(plan, null, 2).replaceAll('\\n', '\n')}\n`).toMatchFileSnapshot(
    '../__snapshots__/plans/build-cluster-change.txt',
  )
  expect(await run(fleet)).toMatchObject({ state: 'done' })
  expect(configOf(fleet, 'db1', patroniConfigPath)).toContain(
    `hostssl replication replicator ${fleet.host('db3').server.address.address}/32`,
  )
  expect(configOf(fleet, 'edge', '/etc/haproxy/haproxy.cfg')).toContain('server db3 ')
  expect(instancesOf(fleet)).toEqual(['db1', 'db2', 'db3'])
  expect(await willRun(fleet)).toEqual([])
})

test('a server taken out of the file leaves once nobody waits for it, and nothing of the cluster stays on it', async () => {
  const fleet = await standingFleet(serversOf({ ...usual, db3: 'postgres' }))
  expect(fleet.world.stacks.synchronous.get('shop')).toBe('db3')
  redeclare(fleet, shopFile)
  expect(await willRun(fleet)).toEqual(['members', 'proxies', 'drain', 'leave', 'built', 'register'])
  expect(await run(fleet)).toMatchObject({ state: 'done' })
  expect(fleet.world.stacks.synchronous.get('shop')).toBe('db2')
  expect(leftOn(fleet, 'db3')).toEqual([])
  expect(configOf(fleet, 'edge', '/etc/haproxy/haproxy.cfg')).not.toContain('db3')
  expect(instancesOf(fleet)).toEqual(['db1', 'db2'])
  expect(await willRun(fleet)).toEqual([])
})

test('a lost host is replaced under another name, or by a bare one of the same name; its member of etcd goes before the new one comes', async () => {
  const other = await standingFleet(shopFile, ['db3'])
  other.host('db2').power = 'off'
  expect(await reasonOf(other)).toContain('If it is lost, write another server in its place in the cluster file.')
  redeclare(other, serversOf({ db1: 'postgres, etcd', db3: 'postgres, etcd', edge: 'etcd, pooler, proxy' }))
  expect((await planOf(other)).gates.find(({ name }) => name === 'leavers')).toMatchObject({
    verdict: 'warn',
    because: expect.stringContaining('Do not let it back on the network'),
  })
  expect(await run(other)).toMatchObject({ state: 'done' })
  expect(etcdOf(other)).toEqual(['db1', 'edge', 'db3'])
  expect(configOf(other, 'db1', patroniConfigPath)).toContain(`${other.host('db3').server.address.address}:2379`)
  expect(instancesOf(other)).toEqual(['db1', 'db3'])
  expect(await willRun(other)).toEqual([])

  const same = await standingFleet(shopFile)
  replaceHost(same, 'db2')
  expect(await run(same)).toMatchObject({ state: 'done' })
  expect(etcdOf(same)).toEqual(['db1', 'edge', 'db2'])
  expect(await willRun(same)).toEqual([])
})

test('etcd grows to five members and shrinks to three again one at a time, without a restart of those that stay', async () => {
  const fleet = await standingFleet(shopFile, ['e4', 'e5'])
  const made = () =>
    fleet.calls.made.map(({ act, target }) => `${target}: ${act}`).filter((one) => /etcd/.test(one) && !/put|take|packages/.test(one))
  redeclare(fleet, serversOf({ ...usual, e4: 'etcd', e5: 'etcd' }))
  expect(await run(fleet)).toMatchObject({ state: 'done' })
  expect(etcdOf(fleet)).toEqual(['db1', 'db2', 'edge', 'e4', 'e5'])
  expect(made().filter((one) => /restart/.test(one))).toEqual([])
  expect(await willRun(fleet)).toEqual([])
  redeclare(fleet, shopFile)
  expect(await run(fleet)).toMatchObject({ state: 'done' })
  expect(etcdOf(fleet)).toEqual(['db1', 'db2', 'edge'])
  expect(made().filter((one) => /restart/.test(one))).toEqual([])
  expect([...leftOn(fleet, 'e4'), ...leftOn(fleet, 'e5')]).toEqual([])
  expect(fleet.world.violations).toEqual([])
})

test('nobody leaves who leads, whom commits wait for alone, or whom etcd needs, and what cannot change is refused, each with what to do first', async () => {
  const fleet = await standingFleet(serversOf({ ...usual, db3: 'postgres' }))
  redeclare(fleet, serversOf({ db2: 'postgres, etcd', db3: 'postgres, etcd', edge: 'etcd, pooler, proxy' }))
  expect(await reasonOf(fleet)).toContain('db1 is primary. Switch over to a member that stays')
  redeclare(fleet, shopFile)
  stackHost(fleet.world, 'db2').units.set('patroni', { isActive: false, isEnabled: true })
  expect(await reasonOf(fleet)).toContain('db3 is the last standby that commits can wait for: db2 does not follow. Repair that one')
  redeclare(fleet, `${serversOf({ ...usual, db3: 'postgres' })}postgres: { major: "16" }\netcd: { peerPort: 2390 }\n`)
  const kept = await reasonOf(fleet)
  expect(kept).toContain('postgres.major: It was built with 15, which cannot be changed on a cluster that stands')
  expect(kept).toContain('etcd.peerPort: It was built with 2380')

  const five = await standingFleet(serversOf({ ...usual, e4: 'etcd', e5: 'etcd' }))
  for (const name of ['e5', 'edge', 'e4']) stackHost(five.world, name).units.set('etcd', { isActive: false, isEnabled: true })
  redeclare(five, shopFile)
  expect(await reasonOf(five)).toContain('Start members until a majority of them is healthy')

  const taken = await standingFleet(shopFile, ['db3'])
  redeclare(taken, serversOf({ ...usual, db3: 'postgres' }))
  stackHost(taken.world, 'db3').units.set('patroni', { isActive: true, isEnabled: true })
  expect(await reasonOf(taken)).toContain('db3: patroni runs there already')
})

test('wherever the driver of a change dies, whatever goes wrong and whenever it is cancelled, the change is whole or undone, and etcd keeps its quorum', {
  timeout: 120_000,
}, async () => {
  const before = serversOf({ ...usual, db3: 'postgres', e4: 'etcd', e5: 'etcd' })
  const after = serversOf({ ...usual, db4: 'postgres', e4: 'etcd', e6: 'etcd' })
  const stage = async (): Promise<Stage> => {
    const fleet = await standingFleet(before, ['db4', 'e6'])
    redeclare(fleet, after)
    const { digest, reason } = await planOf(fleet)
    if (reason !== null) throw new Error(reason)
    const planned = new Map<number, Disturbance>()
    fleet.calls.interfere = ({ nth }) => planned.get(nth)
    const journal = new MemoryJournal(fleet.clock)
    const started = tracesOf(fleet).join()
    return {
      operation: buildCluster,
      job: { id: 'job', targetId: stackId, input: {}, digest },
      ports: fleet,
      clock: fleet.clock,
      journal,
      disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
      snapshot: () => `${tracesOf(fleet).join()} ${etcdOf(fleet).join()}`,
      broken: (state) => {
        const isGivenUp = journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon')
        const isBack = !isGivenUp && ['undone', 'failed', 'cancelled'].includes(state)
        const etcd = etcdOf(fleet).sort().join()
        return [
          ...fleet.world.violations,
          ...(isBack && tracesOf(fleet).join() !== started
            ? [`${state}, and the hosts are not as they were: ${tracesOf(fleet).join()}`]
            : []),
          ...(isBack && etcd !== 'db1,db2,e4,e5,edge' ? [`${state}, and etcd has ${etcd}`] : []),
          ...(state === 'done' && (etcd !== 'db1,db2,e4,e6,edge' || instancesOf(fleet).join() !== 'db1,db2,db4')
            ? ['done, and not whole']
            : []),
        ]
      },
    }
  }
  const results = await crashMatrix(stage, { stride: 997, every: 29 })
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})
