import { describe, expect, test } from 'vitest'
import { managedFleet, memberOf, patroniHosts, patroniOn } from '@/e2e/harness/twin/patroni'
import { type MemoryFleet, MemoryJournal } from '@/lib/adapters/memory'
import type { ManagedMember } from '@/lib/domain/managers/manager'
import { brokenOf, countStates, crashMatrix, type Disturbance, type Stage } from '@/lib/kernel/engine/crash-matrix'
import { drive } from '@/lib/kernel/engine/engine'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defaultPolicy } from '@/lib/kernel/operation/plan'
import { composePlan, makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { patroniSwitchover } from '.'
import { patroniRestart } from './restart'

const herdOf = (fleet: MemoryFleet) => fleet.instance('shop on n1').inventory.herdId
const planOf = (fleet: MemoryFleet, raw: JsonObject = {}) =>
  makeTargetPlan(
    patroniSwitchover,
    fleet.read,
    patroniSwitchover.input.parse(raw) as JsonObject,
    herdOf(fleet),
    new AbortController().signal,
  )
/** The cluster as its members tell of it, one of them changed. */
const clusterWith = (name: string, more: Partial<ManagedMember>) =>
  managedFleet((host) => [
    patroniOn(host, { members: patroniHosts.map((one, index) => ({ ...memberOf(one, index), ...(one === name ? more : {}) })) }),
  ])
const gateOf = async (fleet: MemoryFleet, name: string, raw: JsonObject = {}) => {
  const plan = await planOf(fleet, raw)
  return { eligible: plan.eligible, ...plan.gates.find((gate) => gate.name === name)! }
}

test('the plans of a switchover and a restart through Patroni read as these snapshots say, and change nothing', async () => {
  const fleet = managedFleet()
  const planned = await planOf(fleet)
  const restarted = await Promise.all(
    ['shop on n1', 'shop on n2'].map((title) =>
      makeTargetPlan(patroniRestart, fleet.read, {}, fleet.instance(title).inventory.id, new AbortController().signal),
    ),
  )
  const prod = { id: planned.environmentId!, name: 'prod', colour: 'red', protection: 'confirm' as const, maintenanceWindows: [] }
  const made = { at: fleet.clock.now(), inMs: 0 }
  const plan = composePlan(patroniSwitchover, {}, defaultPolicy, [planned], [prod], { medianSeconds: 3, count: 12 }, made)
  await expect(`${JSON.stringify(plan, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/patroni-switchover.txt')
  const restart = composePlan(patroniRestart, {}, defaultPolicy, restarted, [prod], { medianSeconds: 3, count: 12 }, made)
  await expect(`${JSON.stringify(restart, null, 2)}\n`).toMatchFileSnapshot('../__snapshots__/plans/patroni-restart.txt')
  expect(fleet.calls.made).toEqual([])
})

describe('it is refused', () => {
  test('where no Patroni looks after the herd', async () => {
    expect(
      await gateOf(
        managedFleet(() => []),
        'patroni',
      ),
    ).toMatchObject({ verdict: 'refuse', eligible: false, because: expect.stringContaining('use Switch over') })
  })

  test('where it is not known whether Patroni looks after the herd, which is not the same as none', async () => {
    const fleet = managedFleet(() => [])
    fleet.host('n3').areHidden = true
    expect((await gateOf(fleet, 'patroni')).because).toBe(
      'Whether Patroni looks after this herd is not known: the host of shop on n3 does not say.',
    )
  })

  test('where no REST API answers', async () => {
    const fleet = managedFleet((host) => [patroniOn(host, { members: [], isPaused: null })])
    expect(await gateOf(fleet, 'patroni')).toMatchObject({ verdict: 'refuse', because: 'No Patroni of it answers on its REST API.' })
  })

  test('where another manager was found too', async () => {
    const fleet = managedFleet((host) => [patroniOn(host), ...(host === 'n3' ? [patroniOn(host, { kind: 'repmgr' })] : [])])
    expect(await gateOf(fleet, 'patroni')).toMatchObject({
      verdict: 'refuse',
      because: 'Another manager was found on the host of shop on n3.',
    })
  })

  test('while the members do not agree who leads, and while nobody leads', async () => {
    const torn = managedFleet((host) => [
      patroniOn(host, { members: patroniHosts.map((one, index) => memberOf(one, host === 'n3' ? (index === 1 ? 0 : 1) : index)) }),
    ])
    expect(await gateOf(torn, 'leader')).toMatchObject({
      verdict: 'refuse',
      because: expect.stringContaining('do not agree who leads: n1, n2'),
    })
    expect(await gateOf(clusterWith('n1', { role: 'replica' }), 'leader')).toMatchObject({
      verdict: 'refuse',
      because: expect.stringContaining('no leader now'),
    })
  })

  test('where the server of the leader takes no writes', async () => {
    const fleet = managedFleet()
    fleet.instance('shop on n1').state = 'crashed'
    expect(await gateOf(fleet, 'leader')).toMatchObject({
      verdict: 'refuse',
      because: 'Patroni says that shop on n1 leads, and its server is crashed.',
    })
  })

  test.each([
    [{ tags: { nofailover: 'True' } }, 'shop on n2 has the tag nofailover.'],
    [{ state: 'start failed' }, 'shop on n2 is start failed.'],
  ])('with a candidate that Patroni would not take', async (more, because) => {
    const fleet = clusterWith('n2', more)
    expect(await gateOf(fleet, 'candidate', { candidate: 'shop on n2' })).toMatchObject({ verdict: 'refuse', because })
    // By itself it takes the other one.
    expect((await planOf(fleet)).now).toContainEqual({ label: 'Candidate', value: 'shop on n3' })
  })

  test('with a candidate that is no synchronous standby in synchronous mode, that leads already, or lags too far', async () => {
    const inSync = clusterWith('n3', { role: 'sync_standby' })
    expect((await gateOf(inSync, 'candidate', { candidate: 'shop on n2' })).because).toContain('is not a synchronous standby')
    expect((await gateOf(managedFleet(), 'candidate', { candidate: 'n1' })).because).toBe('shop on n1 is the leader already.')
    const late = clusterWith('n2', { lagBytes: 2_000_000 })
    expect(await gateOf(late, 'lag', { candidate: 'n2' })).toMatchObject({ verdict: 'refuse' })
  })
})

test('a pause, and what Patroni does not move, are warned of', async () => {
  const fleet = managedFleet((host) => [patroniOn(host, { isPaused: true })])
  expect(await gateOf(fleet, 'pause')).toMatchObject({ verdict: 'warn', eligible: true })
  expect((await gateOf(fleet, 'pointing')).because).toContain('Patroni does not move shop pooler on front, shop.prod.test')
})

const stageOf = async (): Promise<Stage & { fleet: MemoryFleet }> => {
  const fleet = managedFleet()
  const { digest, reason } = await planOf(fleet, { candidate: 'n2' })
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  const leader = () => fleet.host('n1').managers[0]!.members.find(({ role }) => role === 'leader')!.name
  return {
    fleet,
    operation: patroniSwitchover,
    job: { id: 'job', targetId: herdOf(fleet), input: { candidate: 'n2' }, digest },
    ports: fleet,
    clock: fleet.clock,
    journal: new MemoryJournal(fleet.clock),
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () =>
      JSON.stringify([
        leader(),
        [...fleet.world.instances.values()].map(({ applied, timeline, hasStandbySignal }) => [applied, timeline, hasStandbySignal]),
      ]),
    broken: (state) => {
      const { applied } = fleet.instance('shop on n2')
      return [
        ...fleet.world.violations,
        ...(applied.length > 1 ? [`it was handed over ${applied.length} times`] : []),
        ...(state === 'done' && leader() !== 'n2' ? ['done, and the candidate does not lead'] : []),
        ...(['failed', 'cancelled'].includes(state) && leader() !== 'n1' ? [`${state} without a question, and the leader was moved`] : []),
      ]
    },
  }
}

test('it ends as it says wherever drivers die and however Patroni’s answer is lost: handed over once, or not at all', {
  timeout: 300_000,
}, async () => {
  const results = await crashMatrix(stageOf)
  expect(brokenOf(results)).toEqual([])
  expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed'])
})

test('what Patroni refuses is told in its own words, and nothing has happened', async () => {
  const { fleet, operation, job, journal, clock } = await stageOf()
  fleet.calls.interfere = () => {
    // Somebody else switches over meanwhile.
    for (const host of patroniHosts)
      fleet.host(host).managers = [patroniOn(host, { members: patroniHosts.map((one, index) => memberOf(one, index === 2 ? 0 : 1)) })]
    return undefined
  }
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock }
  expect(await drive(operation, job, journal.open(), fleet, options)).not.toBe('done')
  expect(JSON.stringify(journal.lines)).toContain('leader name does not match')
  expect(fleet.instance('shop on n2').applied).toEqual([])
})

const restartOf = async (title: string): Promise<Stage & { fleet: MemoryFleet }> => {
  const fleet = managedFleet()
  const instance = fleet.instance(title)
  instance.files.max_connections = '200'
  const targetId = instance.inventory.id
  const { digest, reason } = await makeTargetPlan(patroniRestart, fleet.read, {}, targetId, new AbortController().signal)
  if (reason !== null) throw new Error(reason)
  const planned = new Map<number, Disturbance>()
  fleet.calls.interfere = ({ nth }) => planned.get(nth)
  return {
    fleet,
    operation: patroniRestart,
    job: { id: 'job', targetId, input: {}, digest },
    ports: fleet,
    clock: fleet.clock,
    journal: new MemoryJournal(fleet.clock),
    disturb: (nth, how) => void planned.set(fleet.calls.made.length + nth, how),
    snapshot: () => JSON.stringify([instance.applied, instance.pid]),
    broken: (state) => [
      ...fleet.world.violations,
      ...(instance.applied.length > 1 ? [`it was restarted ${instance.applied.length} times`] : []),
      ...(state === 'done' && instance.active.max_connections !== '200' ? ['done, and the setting is not active'] : []),
      ...(['failed', 'cancelled'].includes(state) && instance.applied.length > 0
        ? [`${state} without a question, and it was restarted`]
        : []),
    ],
  }
}

test.each(['shop on n1', 'shop on n2'])(
  'a restart of %s through Patroni ends as it says wherever drivers die and however its answer is lost: restarted once, or not at all',
  { timeout: 300_000 },
  async (title) => {
    const results = await crashMatrix(() => restartOf(title))
    expect(brokenOf(results)).toEqual([])
    expect(Object.keys(countStates(results)).sort()).toEqual(['attention', 'cancelled', 'done', 'failed'])
  },
)

test('a restart through Patroni is refused where none looks after the server, and where its API is silent', async () => {
  const planOn = async (fleet: MemoryFleet) =>
    makeTargetPlan(patroniRestart, fleet.read, {}, fleet.instance('shop on n2').inventory.id, new AbortController().signal)
  expect((await planOn(managedFleet(() => []))).reason).toBe('No running Patroni looks after it: use Restart.')
  expect((await planOn(managedFleet((host) => [patroniOn(host, { isPaused: null })]))).reason).toBe(
    'Its Patroni does not answer on its REST API.',
  )
  expect(await planOn(managedFleet())).toMatchObject({ eligible: true, order: 0 })
})
