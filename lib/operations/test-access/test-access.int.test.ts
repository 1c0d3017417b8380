import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeMachines } from '@/lib/adapters/aws'
import { makeCloud } from '@/lib/adapters/aws/cloud'
import { makeLaunches } from '@/lib/adapters/aws/launches'
import { makeRds } from '@/lib/adapters/aws/rds'
import { MemoryJournal, memoryFleet } from '@/lib/adapters/memory'
import { launchPolicy, leastPolicy } from '@/lib/domain/machines/access'
import { drive } from '@/lib/kernel/engine/engine'
import { makeTargetPlan } from '@/lib/kernel/operation/plan-making'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { readPolicy } from '@/lib/playground/cloud/policy'
import type { ActPorts, InventoryCloudAccount, MachineSpec } from '@/lib/ports'
import { testAccess } from '.'

const region = 'us-east-1'
const place = { accountId: 'account', region }
const soon = { timeoutMs: 10_000 }
const tags = { 'matriarch:blueprint': 'b1' }

let aws: RunningCloud
const adapters = { machines: makeMachines(), rds: makeRds(), launches: makeLaunches() }
beforeAll(async () => {
  aws = await startCloud({ settleMs: 0, consistencyMs: 0 })
})
afterAll(async () => {
  for (const one of Object.values(adapters)) one.close()
  await aws?.stop()
})

/** What a user may do whose policies are the least that are printed, without the actions that are left out. */
const cloudFor = (name: string, given: { machineTags?: string[]; without?: readonly string[] }) => {
  const user = aws.cloud.identities.addUser(name)
  const least = leastPolicy({ awsAccount: null, regions: [region], machineTags: given.machineTags ?? [], looksForRds: true })
  user.policy = [...readPolicy(least), ...readPolicy(launchPolicy([region]))]
  for (const action of given.without ?? []) user.denied.add(action)
  const settings = { id: 'account', name: 'shop', endpoint: aws.endpoint, credentials: user, role: null }
  return makeCloud(adapters.machines, adapters.rds, adapters.launches, async () => settings)
}

const testOf = async (cloud: ReturnType<typeof cloudFor>, account: Partial<InventoryCloudAccount>) => {
  const fleet = memoryFleet([])
  const whole = { id: 'account', title: 'shop', environmentId: 'dev', awsAccount: null, machineTags: [], looksForRds: true, launches: true }
  const cloudAccount = async () => ({ ...whole, regions: [{ region, instanceId: null }], ...account })
  const ports: ActPorts = {
    read: { ...fleet.read, cloud: cloud.read, inventory: { ...fleet.read.inventory, cloudAccount } },
    act: { ...fleet.act, cloud: cloud.act },
  }
  const { digest } = await makeTargetPlan(testAccess, ports.read, {}, 'account', new AbortController().signal)
  const journal = new MemoryJournal(fleet.clock)
  const options = { driver: 'test', signal: new AbortController().signal, isCancelRequested: () => false, clock: fleet.clock }
  const state = await drive(testAccess, { id: 'job', targetId: 'account', input: {}, digest }, journal.open(), ports, options)
  const said = journal.lines.flatMap((line) => (line.kind === 'note' ? [line.text] : []))
  const of = (verdict: string) => said.flatMap((text) => new RegExp(`^${region} (\\S+): ${verdict}`).exec(text)?.[1] ?? [])
  const because = journal.lines.flatMap((line) => ('because' in line && line.because !== null ? [line.because] : [])).join(' ')
  return { state, said: said.join('\n'), allowed: of('allowed'), refused: of('refused'), notTried: of('not tried'), because }
}

const launchOne = async () => {
  const { act, read } = cloudFor('launcher', {})
  const image = (await read.image(place, 'x86_64', soon))!
  await act.makeGroup(place, { name: 'b1', description: 'of b1', vpcId: null, tags }, soon)
  const [group] = (await read.launched(place, tags, soon)).groups
  const spec: MachineSpec = {
    ...{ token: 'one', imageId: image.id, type: 'm5.large', market: 'on-demand', priceMaxUsd: null, zone: null, subnetId: null },
    ...{ groupIds: [group!.id], keyName: null, hasPublicAddress: false, userData: '', rootGb: 8, tags },
    volume: { sizeGb: 10, kind: 'gp3', iops: null, mibs: null },
  }
  await act.launch(place, spec, soon)
}

test('the least policies that are printed allow each action that is tried, of RDS and of launches too; what there is nothing to try on is said, and a missing one is named', async () => {
  const { id: instanceId } = aws.cloud.state.add(region)
  const regions = [{ region, instanceId }]
  const before = await testOf(cloudFor('before', {}), { regions })
  expect(before).toMatchObject({ state: 'done', refused: [] })
  expect(before.allowed).toEqual(expect.arrayContaining(['ec2:RunInstances', 'ec2:CreateSecurityGroup', 'rds:ModifyDBInstance']))
  expect(before.notTried).toContain('ec2:TerminateInstances')
  expect(before.said).toContain('no machine of a launched herd is in this region')

  await launchOne()
  const shown = () =>
    JSON.stringify([
      aws.cloud.state.seen(region).map(({ id, state }) => [id, state]),
      [...aws.cloud.state.groups.keys()],
      [...aws.cloud.state.volumes.keys()],
    ])
  const was = shown()
  expect(await testOf(cloudFor('whole', {}), { regions })).toMatchObject({ state: 'done', refused: [], notTried: [] })

  const without = ['ec2:DeleteVolume', 'ec2:RunInstances', 'rds:ModifyDBInstance', 'rds:DescribeOrderableDBInstanceOptions']
  const lacking = await testOf(cloudFor('lacking', { without }), { regions })
  expect([...lacking.refused].sort()).toEqual(without.toSorted())
  expect(lacking.because).toContain('4 actions are missing')
  expect(lacking.said).toContain('"rds:ModifyDBInstance"')
  expect(lacking.said).toContain('"ec2:DeleteVolume"')
  expect(shown()).toBe(was)
})

test('an account is tried for what it is used for alone, and of rights on DB instances that are bound to tags nothing is claimed', async () => {
  const { id: instanceId } = aws.cloud.state.add(region, { tags: { Role: 'PostgreSQL' } })
  const regions = [{ region, instanceId }]
  const plain = await testOf(cloudFor('plain', { without: ['ec2:RunInstances', 'rds:StopDBInstance'] }), {
    regions,
    looksForRds: false,
    launches: false,
  })
  expect(plain).toMatchObject({ state: 'done', refused: [], notTried: [] })
  expect(plain.allowed.filter((action) => /rds|RunInstances|DescribeImages/.test(action))).toEqual([])

  const machineTags = ['Role=PostgreSQL']
  const tagged = await testOf(cloudFor('tagged', { machineTags }), { regions, machineTags, launches: false })
  expect(tagged).toMatchObject({ state: 'done', refused: [] })
  expect(tagged.notTried).toEqual(
    ['Start', 'Stop', 'Reboot', 'Modify'].map((verb) => `rds:${verb}DBInstance`).concat('rds:PromoteReadReplica'),
  )
  expect(tagged.said).toContain('rights that are bound to tags are judged by an instance that has them')
})
