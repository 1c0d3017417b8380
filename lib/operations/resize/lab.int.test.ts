import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFleet } from '@/e2e/harness/lab'
import { type LabHerd, openLabHerd } from '@/e2e/harness/matrix/herd'
import { type AwsMachines, makeMachines } from '@/lib/adapters/aws'
import { makeCloud } from '@/lib/adapters/aws/cloud'
import { makeRds } from '@/lib/adapters/aws/rds'
import { MemoryJournal, passingClock } from '@/lib/adapters/memory'
import { drive } from '@/lib/kernel/engine/engine'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { ActPorts } from '@/lib/ports'
import { resize } from '.'

const region = 'us-east-1'
let herd: LabHerd
let aws: RunningCloud
let machines: AwsMachines
let ports: ActPorts
let instanceId: string
let power = Promise.resolve()
beforeAll(async () => {
  herd = await openLabHerd(testFleet({ shop: 'a > b' }), 'shop')
  const { hosts } = herd.lab
  aws = await startCloud({
    settleMs: 500,
    power: (_machine, to) => {
      power = power.then(() => (to === 'off' ? hosts.shutDown('b') : herd.lab.powerOn('b')))
    },
  })
  instanceId = aws.cloud.state.add(region, { tags: { Name: 'b' } }).id
  machines = makeMachines()
  const cloud = makeCloud(machines, makeRds(), async (id) => ({
    id,
    name: 'lab',
    endpoint: aws.endpoint,
    credentials: aws.user,
    role: null,
  }))
  const machine = { id: 'machine', title: 'b', accountId: 'lab', region, instanceId }
  const { inventory } = herd.ports.read
  ports = {
    read: {
      ...herd.ports.read,
      cloud: cloud.read,
      inventory: { ...inventory, serverMachine: async () => machine, serverInstances: async () => [] },
    },
    act: { ...herd.ports.act, cloud: cloud.act },
  }
})
afterAll(async () => {
  machines?.close()
  await aws?.stop()
  await power
  await herd?.close()
})

const run = async (raw: JsonObject) => {
  const input = resize.input.parse(raw) as JsonObject
  const targetId = herd.instance('b').id
  const plan = await makeTargetPlan(resize, ports.read, input, targetId, new AbortController().signal)
  expect(plan.reason).toBeNull()
  const journal = new MemoryJournal(passingClock())
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: systemClock }
  const state = await drive(resize, { id: 'job', targetId, input, digest: plan.digest }, journal.open(), ports, options)
  const trouble = journal.lines.filter((line) => ['failed', 'attention', 'undo-failed'].includes(line.kind))
  return { state, trouble }
}
const now = async () => {
  const { state, role, upstream } = await ports.read.postgres.probe(herd.instance('b').address, { timeoutMs: 15_000 })
  return { state, role, streams: upstream?.status === 'streaming', type: aws.cloud.state.machines.get(instanceId)!.type }
}

test('the machine of a standby becomes another type with its host off and on again, and the standby streams', async () => {
  expect(await run({ type: 'm5.xlarge' })).toEqual({ state: 'done', trouble: [] })
  expect(await now()).toEqual({ state: 'online', role: 'standby', streams: true, type: 'm5.xlarge' })
})

test('where EC2 has no capacity on the way up, the machine comes back as what it was, and the standby streams', async () => {
  aws.cloud.state.exhausted.add('m5.4xlarge us-east-1a')
  expect((await run({ type: 'm5.4xlarge' })).state).toBe('undone')
  expect(await now()).toEqual({ state: 'online', role: 'standby', streams: true, type: 'm5.xlarge' })
})
