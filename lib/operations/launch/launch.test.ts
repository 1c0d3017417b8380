import { expect, test } from 'vitest'
import { blueprintId, launchedTraces, launchFleet, launchInput, shopBlueprint } from '@/e2e/harness/twin/launch'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { launchHerd } from '.'
import { tearDown } from './tear-down'

const settings = (signal = new AbortController().signal) => ({ driver: 'test', signal, isCancelRequested: () => false })

const run = async (fleet: MemoryFleet, operation: Operation, targetId: string, input: JsonObject = {}, id = 'job') => {
  const { digest, reason } = await makeTargetPlan(operation, fleet.read, input, targetId, new AbortController().signal)
  expect(reason).toBeNull()
  const journal = new MemoryJournal(fleet.clock)
  const state = await drive(operation, { id, targetId, input, digest }, journal.open(), fleet, { ...settings(), clock: fleet.clock })
  return { state, journal }
}
const launch = (fleet: MemoryFleet, id = 'job') => run(fleet, launchHerd, blueprintId, launchInput, id)
const herdOf = (fleet: MemoryFleet) => fleet.world.launches.blueprints.get(blueprintId)!.herd!.id
const planOf = (fleet: MemoryFleet, input: JsonObject = launchInput) =>
  makeTargetPlan(launchHerd, fleet.read, input, blueprintId, new AbortController().signal)

test('the plan shows every call, file, setting with its reason and statement with prices, no secret, and looking changes nothing', async () => {
  const fleet = launchFleet()
  const plan = await planOf(fleet)
  await expect(`${JSON.stringify(plan, null, 2).replaceAll('\\n', '\n')}\n`).toMatchFileSnapshot('../__snapshots__/plans/launch-herd.txt')
  expect(plan.eligible).toBe(true)
  expect(fleet.calls.made).toEqual([])
})

test('a launched herd is registered with its pinned key, takes writes, and is torn down to nothing by the ids of the plan; and then it can be launched again', async () => {
  const fleet = launchFleet()
  for (const id of ['first', 'second']) {
    expect((await launch(fleet, id)).state).toBe('done')
    const [instance] = await fleet.read.inventory.herdInstances(herdOf(fleet))
    expect(instance).toMatchObject({
      title: 'shop on shop-1',
      address: { host: { hostname: 'shop-1', hostKey: 'SHA256:shop-1' }, port: 5432 },
    })
    expect(fleet.instance('shop on shop-1').state).toBe('running')
    const plan = await makeTargetPlan(tearDown, fleet.read, {}, blueprintId, new AbortController().signal)
    if (id === 'first') {
      const text = JSON.stringify(plan, null, 2)
        .replaceAll('\\n', '\n')
        .replaceAll(herdOf(fleet), 'HERD')
        .replace(/"digest": "[0-9a-f]+"/, '"digest": "…"')
      await expect(
        `${text.replaceAll(/(i|vol)-[0-9a-f]{17}|sg-[0-9a-f]{17}|shop-[0-9a-f]{8}/g, (one) => `${one.split('-')[0]}-…`)}\n`,
      ).toMatchFileSnapshot('../__snapshots__/plans/tear-down.txt')
    }
    expect((await run(fleet, tearDown, blueprintId, {}, `down ${id}`)).state).toBe('done')
    expect(launchedTraces(fleet)).toEqual([])
  }
})

test('where EC2 has none of the first choices to give the next is taken, and on-demand last; where it has none at all, nothing is left', async () => {
  const next = launchFleet()
  next.world.exhausted.add('m5.large spot')
  next.world.exhausted.add('m5a.large')
  expect((await launch(next)).state).toBe('done')
  expect([...next.world.launches.machines.values()].map(({ type, market }) => `${type} ${market}`)).toEqual(['m5.large on-demand'])
  const none = launchFleet()
  for (const type of ['m5.large', 'm5a.large']) none.world.exhausted.add(type)
  const { state, journal } = await launch(none)
  expect(state).toBe('undone')
  expect(JSON.stringify(journal.lines)).toContain('EC2 gave none of the choices')
  expect(launchedTraces(none)).toEqual([])
})

test('what stands in the way is refused with its cure, and what a launch does not do is said, before anything is made', async () => {
  const gatesOf = async (fleet: MemoryFleet, input: JsonObject = launchInput) => {
    const { gates } = await planOf(fleet, input)
    expect(fleet.calls.made).toEqual([])
    return gates.filter(({ verdict }) => verdict !== 'pass').map(({ name, verdict, because }) => `${name} ${verdict}: ${because}`)
  }
  expect(await gatesOf(launchFleet(), { consoleNetwork: '' })).toEqual([
    expect.stringContaining('blueprint refuse: Under Options, give the network of the console'),
  ])
  expect(await gatesOf(launchFleet(shopBlueprint({ hasPassword: false })))).toEqual([
    'blueprint refuse: Give app a password in the blueprint.',
  ])
  expect(await gatesOf(launchFleet(shopBlueprint({}, { storage: 'local' })))).toEqual([expect.stringContaining('Choose an EBS volume')])
  expect(await gatesOf(launchFleet(shopBlueprint({}, { storageGb: null })))).toEqual([
    expect.stringMatching(/^blueprint warn: It asks for no volume/),
  ])
  expect(await gatesOf(launchFleet(shopBlueprint({ isExpired: true })))).toEqual([
    expect.stringContaining('blueprint refuse: When it expires is past'),
  ])
  expect((await gatesOf(launchFleet(shopBlueprint({ choices: [] })))).join()).toContain('choices refuse: No machine type')
  expect(await gatesOf(launchFleet(shopBlueprint({ asksFor: ['backup_s3_bucket'] }, { replicas: 2 })))).toEqual([
    expect.stringMatching(/^whole warn: .*primary alone; 2 standbys.*no backups.*backup_s3_bucket/),
  ])
  const denied = launchFleet()
  denied.world.denied.add('ec2:RunInstances')
  expect(await gatesOf(denied)).toEqual([expect.stringContaining('aws refuse: The credentials may not do ec2:RunInstances')])
  const left = launchFleet()
  await left.act.cloud.makeGroup(
    { accountId: 'account', region: 'us-east-1' },
    { name: 'old', description: '', vpcId: null, tags: { 'matriarch:blueprint': blueprintId } },
    { timeoutMs: 1000 },
  )
  left.calls.made.length = 0
  expect(await gatesOf(left)).toEqual([expect.stringMatching(/^left refuse: Of an earlier launch there is still sg-/)])
})

test('what is tagged after the plan of a tear down is not destroyed: it is named with its price, and the herd stays registered until it is gone', async () => {
  const fleet = launchFleet()
  await launch(fleet)
  const { digest } = await makeTargetPlan(tearDown, fleet.read, {}, blueprintId, new AbortController().signal)
  const volumes = fleet.world.launches.volumes
  const other = { ...[...volumes.values()][0]!, id: 'vol-other', state: 'available', machineId: null, device: null, goesWithMachine: false }
  fleet.calls.afterwards = ({ act }) => void (act === 'terminate' && volumes.set('vol-other', other))
  const journal = new MemoryJournal(fleet.clock)
  const job = { id: 'down', targetId: blueprintId, input: {}, digest }
  expect(await drive(tearDown, job, journal.open(), fleet, { ...settings(), clock: fleet.clock })).toBe('attention')
  expect(JSON.stringify(journal.lines)).toMatch(/there is still volume vol-other .*\$\d+\.\d\d per month/)
  expect(fleet.world.launches.blueprints.get(blueprintId)!.herd).not.toBeNull()
  volumes.delete('vol-other')
  journal.write([{ kind: 'decided', decision: 'resume', by: 'ada' }])
  expect(await drive(tearDown, job, journal.open(), fleet, { ...settings(), clock: fleet.clock })).toBe('done')
  expect(launchedTraces(fleet)).toEqual([])
})

const stageOf = async (
  fleet: MemoryFleet,
  operation: Operation,
  targetId: string,
  input: JsonObject,
  broken: (state: string, isGivenUp: boolean) => string[],
): Promise<Stage> => {
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
    snapshot: () => launchedTraces(fleet).join(),
    broken: (state) => [
      ...fleet.world.violations,
      ...broken(
        state,
        journal.lines.some((line) => line.kind === 'decided' && line.decision === 'abandon'),
      ),
    ],
  }
}

test('wherever its driver dies, whatever goes wrong and whenever it is cancelled, a herd stands whole with one machine or nothing of it is left', {
  timeout: 120_000,
}, async () => {
  const results = await crashMatrix(
    async () => {
      const fleet = launchFleet()
      return stageOf(fleet, launchHerd, blueprintId, launchInput, (state, isGivenUp) => {
        const traces = launchedTraces(fleet)
        const machines = [...fleet.world.launches.machines.values()].filter((one) => one.state !== 'terminated')
        const isBack = !isGivenUp && ['undone', 'failed', 'cancelled'].includes(state)
        return [
          ...(isBack && traces.length > 0 ? [`${state}, and something is left: ${traces.join(', ')}`] : []),
          ...(state === 'done' && !traces.includes('herd shop') ? ['done, and it is not registered'] : []),
          ...(machines.length > 1 ? [`${machines.length} machines run`] : []),
        ]
      })
    },
    { stride: 997, every: 3 },
  )
  expect(brokenOf(results).slice(0, 10)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed', 'undone'])
})

test('wherever a tear down is interrupted, it goes on to where nothing is left, or the herd is still registered', {
  timeout: 120_000,
}, async () => {
  const results = await crashMatrix(
    async () => {
      const fleet = launchFleet()
      await launch(fleet, 'launched')
      return stageOf(fleet, tearDown, blueprintId, {}, (state) => {
        const traces = launchedTraces(fleet)
        const isRegistered = traces.includes('herd shop')
        return [
          ...(state === 'done' && traces.length > 0 ? [`done, and something is left: ${traces.join(', ')}`] : []),
          ...(!isRegistered && traces.length > 0 ? [`the registrations went first: ${traces.join(', ')}`] : []),
        ]
      })
    },
    { stride: 997, every: 2 },
  )
  expect(brokenOf(results).slice(0, 10)).toEqual([])
})
