import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { isFault } from '@/lib/kernel/ground/errors'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { readPolicy } from '@/lib/playground/cloud/policy'
import { type CloudAction, cloudActions } from '@/lib/ports/cloud-rights'
import type { CloudSettings, MachineDeed } from '@/lib/ports/machines'
import { type AwsMachines, makeMachines } from '.'
import { makeCloud } from './cloud'
import { makeLaunches } from './launches'
import { makeRds } from './rds'

const region = 'us-east-1'
let aws: RunningCloud
let machines: AwsMachines
const skewMs = 0
let powered: string[] = []
beforeAll(async () => {
  aws = await startCloud({ now: () => Date.now() + skewMs, settleMs: 0, consistencyMs: 0, power: (_machine, to) => powered.push(to) })
})
afterAll(() => aws?.stop())
beforeEach(() => {
  machines?.close()
  machines = makeMachines()
  powered = []
})

const account = (given: Partial<CloudSettings> = {}): CloudSettings => ({
  id: crypto.randomUUID(),
  name: 'shop',
  endpoint: aws.endpoint,
  credentials: { accessKeyId: aws.user.accessKeyId, secretAccessKey: aws.user.secretAccessKey },
  role: null,
  ...given,
})
const soon = { timeoutMs: 5000 }
const told = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return isFault(error) ? { code: error.code, isOver: error.facts.isOver, because: error.message } : error
}
const act = (deed: MachineDeed, options: { timeoutMs: number; signal?: AbortSignal } = soon, given = account()) =>
  machines.act(given, region, deed, options)
const list = (given: CloudSettings, options: { timeoutMs: number; signal?: AbortSignal } = soon, of = region) =>
  machines.list(given, of, { tags: {} }, options)
const asks = (action: string) => aws.cloud.seen.filter((one) => one.action === action).length

test('a reboot whose answer is lost is sent once, and left open: it may have happened', async () => {
  const { id } = aws.cloud.state.add(region)
  aws.loseAnswer()
  expect(await told(act({ does: 'reboot', instanceId: id }))).toMatchObject({ code: 'cloud.unreachable', isOver: false })
  expect(powered).toEqual(['off', 'on'])
})

test('a refusal of a deed is certain, and says what is to be done about it', async () => {
  const { id } = aws.cloud.state.add(region)
  expect(await told(act({ does: 'set-type', instanceId: id, type: 'm5.xlarge' }))).toMatchObject({
    code: 'cloud.wrong-state',
    isOver: true,
    because: expect.stringContaining('IncorrectInstanceState'),
  })
  aws.user.denied.add('ec2:StopInstances')
  const denied = await told(act({ does: 'stop', instanceId: id }))
  aws.user.denied.clear()
  expect(denied).toMatchObject({ code: 'cloud.refused', isOver: true, because: expect.stringContaining('may not do ec2:StopInstances') })
})

test('a right that is withheld says what would give it: allowing it, taking out the statement that denies it, or the organisation', async () => {
  const statement = (Effect: string, Action: string) => ({ Effect, Action, Resource: '*' })
  const user = aws.cloud.identities.addUser('withheld')
  const list = () => told(machines.list(account({ credentials: user }), region, { tags: {} }, soon))
  const given = (...Statement: object[]) => {
    user.policy = readPolicy(JSON.stringify({ Version: '2012-10-17', Statement }))
  }
  given(statement('Allow', 'ec2:StopInstances'))
  expect(await list()).toMatchObject({ code: 'cloud.refused', because: expect.stringContaining('Allow it in their policy') })
  given(statement('Allow', '*'), statement('Deny', 'ec2:Describe*'))
  expect(await list()).toMatchObject({ because: expect.stringContaining('"Effect": "Deny" forbids it') })
  user.policy = null
  aws.cloud.deniedIn.add(`${region} ec2:DescribeInstances`)
  const forbidden = await list()
  aws.cloud.deniedIn.clear()
  expect(forbidden).toMatchObject({ because: expect.stringContaining('A control policy of the AWS organisation forbids it') })
})

test('want of capacity, which AWS tells as an error of its own, is told apart from silence, and a type that does not fit from both', async () => {
  const { id } = aws.cloud.state.add(region, { state: 'stopped', type: 'r5.large' })
  aws.cloud.state.exhausted.add('r5.large us-east-1a')
  expect(await told(act({ does: 'start', instanceId: id }))).toMatchObject({ code: 'cloud.no-capacity', isOver: true })
  expect(await told(act({ does: 'set-type', instanceId: id, type: 'r6g.large' }))).toMatchObject({ code: 'cloud.unfit', isOver: true })
  aws.cloud.state.exhausted.clear()
})

test('a deed that is throttled is sent again until it is let through, and was never done while its time ran out', async () => {
  let nowMs = Date.now()
  const limited = await startCloud({
    now: () => nowMs,
    settleMs: 0,
    limits: { read: { burst: 50, perSecond: 10 }, change: { burst: 1, perSecond: 1 } },
  })
  try {
    const { id } = limited.cloud.state.add(region)
    const own = account({ endpoint: limited.endpoint, credentials: limited.user })
    await act({ does: 'reboot', instanceId: id }, soon, own)
    expect(await told(act({ does: 'reboot', instanceId: id }, { timeoutMs: 300 }, own))).toMatchObject({
      code: 'cloud.unreachable',
      isOver: true,
      because: expect.stringContaining('too many requests'),
    })
    const again = act({ does: 'reboot', instanceId: id }, soon, own)
    nowMs += 1000
    await again
  } finally {
    await limited.stop()
  }
})

test('a dry run that AWS would let through passes and changes nothing; one that it would not names the action that is missing', async () => {
  const { id } = aws.cloud.state.add(region)
  const on = { instanceId: id, imageId: null, launchedId: null, volumeId: null, groupId: null }
  const may = (action: CloudAction) => machines.mayDo(account(), region, action, on, soon)
  for (const action of cloudActions) await may(action)
  expect(powered).toEqual([])
  aws.user.denied.add('ec2:ModifyInstanceAttribute')
  const denied = await told(may('ec2:ModifyInstanceAttribute'))
  aws.user.denied.clear()
  expect(denied).toMatchObject({ code: 'cloud.refused', because: expect.stringContaining('may not do ec2:ModifyInstanceAttribute') })
})

test('a question that waits behind one without an answer gives up at its own deadline or its own cancel, and the next goes on', async () => {
  const own = account()
  const release = aws.holdAnswer()
  const before = aws.cloud.seen.length
  const hung = told(list(own, { timeoutMs: 60_000 }))
  await expect.poll(() => aws.cloud.seen.length).toBe(before + 1)
  const stopping = new AbortController()
  const waiting = told(list(own, { timeoutMs: 60_000, signal: stopping.signal }))
  expect(await told(list(own, { timeoutMs: 50 }))).toMatchObject({
    code: 'cloud.unreachable',
    isOver: true,
    because: expect.stringContaining('an earlier request'),
  })
  stopping.abort()
  expect(await waiting).toMatchObject({ code: 'shell.cancelled', isOver: true })
  expect(aws.cloud.seen.length).toBe(before + 1)
  const next = list(own)
  release()
  await expect(next).resolves.toBeInstanceOf(Array)
  expect(await hung).not.toMatchObject({ code: expect.anything() })
})

test('a deed does not wait for a long list, and silence is told from a cancel', async () => {
  const own = account()
  const { id } = aws.cloud.state.add(region)
  const release = aws.holdAnswer()
  const before = aws.cloud.seen.length
  const hung = told(list(own, { timeoutMs: 60_000 }))
  await expect.poll(() => aws.cloud.seen.length).toBe(before + 1)
  await act({ does: 'stop', instanceId: id }, soon, own)
  release()
  await hung
  const stopping = new AbortController()
  const releaseStart = aws.holdAnswer()
  const starting = told(act({ does: 'start', instanceId: id }, { timeoutMs: 60_000, signal: stopping.signal }, own))
  await expect.poll(() => powered).toEqual(['off', 'on'])
  stopping.abort()
  expect(await starting).toMatchObject({ code: 'shell.cancelled', isOver: false })
  releaseStart()
  const releaseStop = aws.holdAnswer()
  expect(await told(act({ does: 'stop', instanceId: id }, { timeoutMs: 200 }, own))).toMatchObject({
    code: 'cloud.unreachable',
    isOver: false,
    because: expect.stringContaining('no answer in time'),
  })
  releaseStop()
})

test('one session of a role serves all regions of its account, and is asked for once when it ends', async () => {
  const role = aws.cloud.identities.addRole('resizer', null)
  const own = account({ role: { arn: role.arn, externalId: null } })
  const everywhere = () => Promise.all(['us-east-1', 'eu-west-1', 'us-west-2'].map((of) => list(own, soon, of)))
  const before = asks('AssumeRole')
  await everywhere()
  expect(asks('AssumeRole') - before).toBe(1)
  await everywhere()
  expect(asks('AssumeRole') - before).toBe(1)
})

test('a question for a role’s session that is not answered holds nobody past their deadline', async () => {
  const role = aws.cloud.identities.addRole('slow', null)
  const release = aws.holdAnswer()
  expect(await told(list(account({ role: { arn: role.arn, externalId: null } }), { timeoutMs: 300 }))).toMatchObject({
    code: 'cloud.unreachable',
    because: expect.stringContaining('no answer in time'),
  })
  release()
})

test('a machine is told as it is now, and of the types asked for those that EC2 knows, with whether its zone offers them', async () => {
  const { id } = aws.cloud.state.add(region, { type: 'm5.large', zone: 'us-east-1e', hasEna: false })
  expect(await machines.machine(account(), region, id, soon)).toMatchObject({
    ...{ type: 'm5.large', zone: 'us-east-1e', state: 'running', market: 'on-demand', architecture: 'x86_64', hasEna: false },
    keepsPublicAddress: false,
  })
  const found = await machines.types(account(), region, 'us-east-1e', ['m5.large', 'c5.large', 'i3.large', 'm9.none'], soon)
  const byName = Object.fromEntries(found.map(({ type, ...rest }) => [type, rest]))
  expect(Object.keys(byName).sort()).toEqual(['c5.large', 'i3.large', 'm5.large'])
  expect(byName['c5.large']).toMatchObject({ vcpus: 2, memoryMib: 4096, architectures: ['x86_64'], needsEna: true, isOffered: false })
  expect(byName['i3.large']!.instanceStorageGb).toBeGreaterThan(0)
  expect(await told(machines.machine(account(), region, 'i-00000000', soon))).toMatchObject({
    code: 'cloud.refused',
    because: expect.stringContaining('does not exist'),
  })
})

test('an operation reaches a machine through the account it was found in, and its deeds show', async () => {
  const { id } = aws.cloud.state.add(region)
  const own = account()
  const cloud = makeCloud(machines, makeRds(), makeLaunches(), async (asked) => ({ ...own, id: asked }))
  const place = { accountId: own.id, region, instanceId: id }
  const look = () => cloud.read.machine(place, soon)
  await cloud.act.act(place, { does: 'stop' }, soon)
  await expect.poll(async () => (await look()).state).toBe('stopped')
  await cloud.act.act(place, { does: 'set-type', type: 'm5.xlarge' }, soon)
  await cloud.act.act(place, { does: 'start' }, soon)
  await expect.poll(look).toMatchObject({ state: 'running', type: 'm5.xlarge' })
  expect(powered).toEqual(['off', 'on'])
})
