import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, manageLabPoolers, openLabHerd } from '@/e2e/harness/matrix/herd'
import { type LabMachines, openLabMachines } from '@/e2e/harness/matrix/machines'
import { lostWorker, resizeStage, type StagedHook } from '@/e2e/harness/matrix/resize-stage'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { serverPackage } from '@/lib/domain/packages/apt'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
import type { ActPorts } from '@/lib/ports'
import { bootOf } from '../machines/boot'
import { rollingReboot } from '../machines/rolling'
import { lookAtPackages } from '../upgrade/packages'
import { resize } from '.'
import { resizeHerd } from './herd'

let herd: LabHerd
let machines: LabMachines
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }, { idleHosts: ['front'], poolers: [{ host: 'front', herd: 'shop' }] }), 'shop')
  await manageLabPoolers(herd)
  machines = await openLabMachines(herd, ['a', 'b'])
})
afterAll(async () => {
  await machines?.close()
  await herd?.close()
})

const begin = async (operation: Operation, targetId: string, raw: JsonObject, ports: ActPorts) => {
  const input = operation.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(operation, ports.read, input, targetId, new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const job = { id: 'job', targetId, input, digest: plan.digest }
  return { journal, goOn: (worker = ports) => drive(operation, job, journal.open(), worker, options) }
}
const run = async (operation: Operation, targetId: string, raw: JsonObject, ports = machines.ports) => {
  const { journal, goOn } = await begin(operation, targetId, raw, ports)
  const state = await goOn()
  const trouble = journal.lines.filter(
    (line) =>
      ['failed', 'refused', 'attention', 'undo-failed'].includes(line.kind) || (line.kind === 'segment-closed' && line.outcome !== 'done'),
  )
  return { state, trouble, journal }
}
const now = async (host: string) => {
  const { state, role, upstream } = await machines.ports.read.postgres.probe(herd.instance(host).address, { timeoutMs: 15_000 })
  return { state, role, streams: upstream?.status === 'streaming', type: machines.typeOf(host) }
}

test('where EC2 has no capacity on the way up, the machine comes back as what it was, and the standby streams', async () => {
  machines.aws.cloud.state.exhausted.add('m5.4xlarge us-east-1a')
  expect((await run(resize, herd.instance('b').id, { type: 'm5.4xlarge' })).state).toBe('undone')
  expect(await now('b')).toEqual({ state: 'online', role: 'standby', streams: true, type: 'm5.large' })
})

/** Each says that it was here, with what it was given. */
const says = 'echo "$(basename "$0") $MATRIARCH_OUTCOME $1" >> "$SAID"'
const moving: StagedHook = { title: 'move', moment: 'move-clients', body: says }
const returned: StagedHook = { title: 'returned', moment: 'after-return', body: says }
const bothNamed = () => ['a', 'b'].map((host) => herd.instance(host).address.host.address).toSorted()

test('where hooks hang past their deadline or fail before the stop, the machine never stops, and clients, hooks and DNS are undone', async () => {
  const before = await machines.ports.read.postgres.probe(herd.instance('b').address, { timeoutMs: 15_000 })
  const hangs: StagedHook = {
    title: 'hangs',
    moment: 'before-stop',
    body: "trap '' TERM; sleep 600 & sleep 600",
    timeoutSeconds: 1,
    onFailure: 'go-on',
  }
  const fails: StagedHook = { title: 'fails', moment: 'before-stop', body: `${says}; exit 3` }
  const stage = resizeStage(herd, machines.ports, ['a', 'b'], [moving, hangs, fails, returned])
  const { state, trouble, journal } = await run(resize, herd.instance('b').id, { type: 'm5.xlarge' }, stage.ports)
  expect(state).toBe('undone')
  expect(JSON.stringify(trouble)).toContain('fails: fails ended with exit code 3.')
  expect(JSON.stringify(journal.lines)).toContain('hangs: hangs did not end within 1 s, and was killed. The job goes on, as the hook says.')
  const id = machines.ids.get('b')!
  expect(stage.said()).toEqual(['move under-way SCALE_DOWN', `fails under-way ${id}`, `returned undone ${id}`, 'move undone SCALE_UP'])
  expect(stage.named()).toEqual(bothNamed())
  const after = await machines.ports.read.postgres.probe(herd.instance('b').address, { timeoutMs: 15_000 })
  expect([after.postmasterStartedAt, machines.typeOf('b')]).toEqual([before.postmasterStartedAt, 'm5.large'])
})

test('a worker lost before and after each call that changes the machine, and at each state that EC2 shows, leaves to the next what it finishes: the machine runs, hooks and DNS are done', {
  timeout: 180_000,
}, async () => {
  const before: StagedHook = { title: 'before', moment: 'before-stop', body: says }
  const stage = resizeStage(herd, machines.ports, ['a', 'b'], [moving, before, returned])
  const { journal, goOn } = await begin(resize, herd.instance('b').id, { type: 'm5.xlarge' }, stage.ports)
  const reached: string[] = []
  let state: string
  do {
    const worker = lostWorker(stage.ports, reached)
    state = await Promise.race([goOn(worker.ports), worker.lost.then(() => 'lost')])
  } while (state === 'lost')
  expect(state).toBe('done')
  console.info(`lost at: ${reached.join(', ')}`)
  for (const point of [
    'before stop',
    'after stop',
    'before set-type',
    'after set-type',
    'before start',
    'after start',
    'stopped m5.large',
    'running m5.xlarge',
  ])
    expect(reached).toContain(point)
  expect(await now('b')).toEqual({ state: 'online', role: 'standby', streams: true, type: 'm5.xlarge' })
  expect(machines.aws.cloud.state.machines.get(machines.ids.get('b')!)!.state).toBe('running')
  const id = machines.ids.get('b')!
  expect([...new Set(stage.said())]).toEqual([
    'move under-way SCALE_DOWN',
    `before under-way ${id}`,
    `returned done ${id}`,
    'move done SCALE_UP',
  ])
  expect(stage.named()).toEqual(bothNamed())
  expect(journal.lines.filter(({ kind }) => kind === 'failed' || kind === 'attention')).toEqual([])
})

/** The segments that were taken, under writers who must see no error and lose no commit. */
const underLoad = async (name: string, operation: Operation, raw: JsonObject): Promise<string[]> => {
  const ledgerFile = herd.lab.layout.at(`ledger-${name}`)
  const load = await startLoad(herd.lab, 'shop', { ledgerFile, writers: 4, through: ['front'] })
  const { state, trouble, journal } = await run(operation, 'shop', { blockers: 'cut', canary: false, ...raw })
  expect({ state, trouble }).toEqual({ state: 'done', trouble: [] })
  const { failed, unknown, acked, longestWaitMs } = await load.stop()
  console.info(`${name}: ${acked} commits; the longest wait of a client was ${longestWaitMs} ms.`)
  expect({ failed, unknown }).toEqual({ failed: 0, unknown: 0 })
  expect(await verify(herd.lab, 'shop', ledgerFile)).toMatchObject({ lost: [], duplicate: [], phantom: [], isClean: true })
  return journal.lines.flatMap((line) => (line.kind === 'segment-closed' ? [`${line.segment} ${line.outcome}`] : []))
}

test('a herd under load becomes another type, its primary too, and its clients see no error and lose no commit', {
  timeout: 180_000,
}, async () => {
  expect(await underLoad('resize', resizeHerd, { type: 'm5.2xlarge' })).toEqual(['b done', 'switchover done', 'a done'])
  expect(await Promise.all(['a', 'b'].map(now))).toEqual([
    { state: 'online', role: 'standby', streams: true, type: 'm5.2xlarge' },
    { state: 'online', role: 'primary', streams: false, type: 'm5.2xlarge' },
  ])
})

test('the hosts of a herd under load reboot one by one, each once, and its clients see no error and lose no commit', {
  timeout: 180_000,
}, async () => {
  const boots = () =>
    Promise.all(['a', 'b'].map((host) => bootOf(machines.ports.read, herd.instance(host).address.host, new AbortController().signal)))
  const before = await boots()
  expect(await underLoad('reboot', rollingReboot, {})).toEqual(['a done', 'switchover done', 'b done'])
  const after = await boots()
  expect(after.every((boot, at) => boot !== null && boot !== before[at])).toBe(true)
  expect((await Promise.all(['a', 'b'].map(now))).map(({ state, role }) => `${state} ${role}`)).toEqual([
    'online primary',
    'online standby',
  ])
})

test('a Debian host says which packages of its major version it has and what its sources offer, and nothing is changed for it', async () => {
  const { address } = herd.instance('b')
  const place = { ...herd.instance('b'), commands: { start: [], stop: [], restart: [], reload: [] } }
  const seen = await lookAtPackages(machines.ports.read, place, new AbortController().signal)
  expect(seen.unseen).toBeNull()
  const server = seen.packages.find(({ name }) => name === serverPackage(address.major!))!
  const own = await herd.lab.hosts.mustExec('b', ['dpkg-query', '-W', server.name])
  expect(server).toMatchObject({ installed: own.trim().split('\t')[1], candidate: expect.any(String), isHeld: false })
})
