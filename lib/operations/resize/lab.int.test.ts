import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, manageLabPoolers, openLabHerd } from '@/e2e/harness/matrix/herd'
import { type LabMachines, openLabMachines } from '@/e2e/harness/matrix/machines'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { serverPackage } from '@/lib/domain/packages/apt'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type { Operation } from '@/lib/kernel/operation/operation'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { startLoad, verify } from '@/lib/playground/lab/load-cli'
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

const run = async (operation: Operation, targetId: string, raw: JsonObject) => {
  const { ports } = machines
  const input = operation.input.parse(raw) as JsonObject
  const plan = await makeTargetPlan(operation, ports.read, input, targetId, new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(operation, { id: 'job', targetId, input, digest: plan.digest }, journal.open(), ports, options)
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
  expect(await underLoad('resize', resizeHerd, { type: 'm5.xlarge' })).toEqual(['b done', 'switchover done', 'a done'])
  expect(await Promise.all(['a', 'b'].map(now))).toEqual([
    { state: 'online', role: 'standby', streams: true, type: 'm5.xlarge' },
    { state: 'online', role: 'primary', streams: false, type: 'm5.xlarge' },
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
