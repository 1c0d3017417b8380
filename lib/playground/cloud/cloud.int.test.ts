import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  EC2Client,
  type EC2ClientConfig,
  ModifyInstanceAttributeCommand,
  paginateDescribeInstances,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awscli, codeOf } from '@/e2e/harness/aws/awscli'
import { type RunningCloud, startCloud } from '.'
import { newestImage } from './launch/images'

const region = 'us-east-1'
const settleMs = 1000
const consistencyMs = 200

let running: RunningCloud
let skewMs = 0
let powered: string[] = []
beforeAll(async () => {
  running = await startCloud({
    now: () => Date.now() + skewMs,
    settleMs,
    consistencyMs,
    limits: { read: { burst: 500, perSecond: 100 }, change: { burst: 500, perSecond: 100 } },
    power: ({ id }, to) => powered.push(`${id} ${to}`),
  })
})
afterAll(() => running.stop())

const credentials = () => ({ accessKeyId: running.user.accessKeyId, secretAccessKey: running.user.secretAccessKey })
const ec2 = (config: EC2ClientConfig = {}) =>
  new EC2Client({ region, endpoint: running.endpoint, credentials: credentials(), maxAttempts: 1, ...config })
const sts = (config: object = {}) =>
  new STSClient({ region, endpoint: running.endpoint, credentials: credentials(), maxAttempts: 1, ...config })
const later = (ms: number) => {
  skewMs += ms
}

const aws = (args: string[], keys = credentials()) => awscli({ endpoint: running.endpoint, region }, keys, args)

const stateOf = async (id: string) =>
  (await ec2().send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0]?.State?.Name

test('a machine that stops, becomes another type and starts goes through its intermediate states, with the host behind it off and on', async () => {
  const { id } = running.cloud.state.add(region, { tags: { Name: 'pg-1' } })
  later(consistencyMs)
  powered = []
  const { StoppingInstances } = await ec2().send(new StopInstancesCommand({ InstanceIds: [id] }))
  expect(StoppingInstances?.[0]).toMatchObject({ CurrentState: { Name: 'stopping' }, PreviousState: { Name: 'running' } })
  const modify = () => ec2().send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: 'm5.xlarge' } }))
  expect(await codeOf(modify())).toBe('IncorrectInstanceState')
  expect(await codeOf(ec2().send(new StartInstancesCommand({ InstanceIds: [id] })))).toBe('IncorrectInstanceState')
  later(settleMs + consistencyMs)
  expect(await stateOf(id)).toBe('stopped')
  await modify()
  await ec2().send(new StartInstancesCommand({ InstanceIds: [id] }))
  later(consistencyMs)
  expect(await stateOf(id)).toBe('pending')
  later(settleMs + consistencyMs)
  const { Reservations } = await ec2().send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({ State: { Name: 'running' }, InstanceType: 'm5.xlarge' })
  expect(powered).toEqual([`${id} off`, `${id} on`])
})

test('what was just changed is not seen at once', async () => {
  const frozen = await startCloud({ now: () => 1_800_000_000_000 + skewMs, settleMs, consistencyMs })
  try {
    const client = ec2({ endpoint: frozen.endpoint, credentials: frozen.user })
    const launched = await client.send(
      new RunInstancesCommand({ ImageId: newestImage(region), MinCount: 1, MaxCount: 1, InstanceType: 'm5.large' }),
    )
    const id = launched.Instances![0]!.InstanceId!
    const look = () => client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
    expect(await codeOf(look())).toBe('InvalidInstanceID.NotFound')
    later(consistencyMs)
    expect((await look()).Reservations?.[0]?.Instances?.[0]?.State?.Name).toBe('pending')
  } finally {
    await frozen.stop()
  }
})

test('a launch that is sent again with its token, since the answer was lost, launches nothing more', async () => {
  const launch = new RunInstancesCommand({
    ImageId: newestImage(region),
    MinCount: 2,
    MaxCount: 2,
    InstanceType: 'm5.large',
    ClientToken: 'job-7',
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'job', Value: '7' }] }],
  })
  const count = () => [...running.cloud.state.machines.values()].filter(({ clientToken }) => clientToken === 'job-7').length
  running.loseAnswer()
  await expect(ec2().send(launch)).rejects.toThrow()
  expect(count()).toBe(2)
  const again = await ec2().send(launch)
  expect(again.Instances).toHaveLength(2)
  expect(count()).toBe(2)
  expect(await codeOf(ec2().send(new RunInstancesCommand({ ...launch.input, InstanceType: 'm5.xlarge' })))).toBe(
    'IdempotentParameterMismatch',
  )
  await ec2().send(new TerminateInstancesCommand({ InstanceIds: again.Instances!.map(({ InstanceId }) => InstanceId!) }))
})

test('a list comes in pages by tag, and a page’s token belongs to its own question', async () => {
  for (let number = 0; number < 12; number += 1) running.cloud.state.add('eu-west-1', { tags: { herd: number < 11 ? 'a' : 'b' } })
  later(consistencyMs)
  const client = ec2({ region: 'eu-west-1' })
  const sizes: number[] = []
  let token: string | undefined
  for await (const page of paginateDescribeInstances({ client, pageSize: 5 }, { Filters: [{ Name: 'tag:herd', Values: ['a'] }] })) {
    sizes.push(page.Reservations?.length ?? 0)
    token ??= page.NextToken
  }
  expect(sizes).toEqual([5, 5, 1])
  expect(await codeOf(client.send(new DescribeVolumesCommand({ NextToken: token, MaxResults: 5 })))).toBe('InvalidNextToken')
})

test('the catalogue holds memory and baselines of a type, and the types that a zone lacks', async () => {
  const { InstanceTypes } = await ec2().send(new DescribeInstanceTypesCommand({ InstanceTypes: ['r6g.large'] }))
  expect(InstanceTypes?.[0]).toMatchObject({
    VCpuInfo: { DefaultVCpus: 2 },
    MemoryInfo: { SizeInMiB: 16_384 },
    ProcessorInfo: { SupportedArchitectures: ['arm64'] },
    EbsInfo: { EbsOptimizedInfo: { BaselineBandwidthInMbps: 630, BaselineIops: 3600 } },
    NetworkInfo: { EnaSupport: 'required' },
  })
  const { InstanceTypeOfferings } = await ec2().send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: ['c5.large'] }],
    }),
  )
  const zones = InstanceTypeOfferings?.map(({ Location }) => Location)
  expect(zones).toContain('us-east-1a')
  expect(zones).not.toContain('us-east-1e')
})

test('a volume outlives the machine that it was attached to, and is attached to one of its own zone alone', async () => {
  const machine = running.cloud.state.add(region)
  const volume = await ec2().send(new CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 100, VolumeType: 'gp3' }))
  const attach = { VolumeId: volume.VolumeId!, InstanceId: machine.id, Device: '/dev/sdf' }
  await ec2().send(new AttachVolumeCommand(attach))
  expect(await codeOf(ec2().send(new AttachVolumeCommand(attach)))).toBe('VolumeInUse')
  await ec2().send(new TerminateInstancesCommand({ InstanceIds: [machine.id] }))
  later(settleMs + consistencyMs)
  expect(await stateOf(machine.id)).toBe('terminated')
  const { Volumes } = await ec2().send(new DescribeVolumesCommand({ VolumeIds: [volume.VolumeId!] }))
  expect(Volumes?.[0]).toMatchObject({ State: 'available', Size: 100 })
  expect(await codeOf(ec2().send(new DetachVolumeCommand({ VolumeId: volume.VolumeId })))).toBe('IncorrectState')
  const elsewhere = running.cloud.state.add(region, { zone: 'us-east-1b' })
  expect(await codeOf(ec2().send(new AttachVolumeCommand({ ...attach, InstanceId: elsewhere.id })))).toBe('InvalidVolume.ZoneMismatch')
})

test('a request with another key, another secret, a wrong clock or a changed body is refused', async () => {
  const describe = new DescribeInstancesCommand({})
  const keys = credentials()
  expect(await codeOf(ec2({ credentials: { ...keys, accessKeyId: 'AKIAUNKNOWN' } }).send(describe))).toBe('AuthFailure')
  expect(await codeOf(ec2({ credentials: { ...keys, secretAccessKey: 'another' } }).send(describe))).toBe('AuthFailure')
  expect(await codeOf(ec2({ systemClockOffset: -600_000 }).send(describe))).toBe('RequestExpired')
  const tampered = ec2()
  tampered.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string; headers: Record<string, string> }
      request.body = request.body.replace('Action=DescribeInstances', 'Action=DescribeVolumes')
      request.headers['content-length'] = String(request.body.length)
      return next(args)
    },
    { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
  )
  expect(await codeOf(tampered.send(describe))).toBe('AuthFailure')
  expect(await codeOf(sts({ credentials: { ...keys, secretAccessKey: 'another' } }).send(new GetCallerIdentityCommand({})))).toBe(
    'SignatureDoesNotMatch',
  )
  expect(await codeOf(aws(['ec2', 'describe-instances'], { ...keys, secretAccessKey: 'another' }))).toBe('AuthFailure')
})

test('a role is assumed with its external id alone, and its session ends', async () => {
  const role = running.cloud.identities.addRole('console', 'herd-7')
  const assume = (ExternalId?: string) =>
    sts().send(new AssumeRoleCommand({ RoleArn: role.arn, RoleSessionName: 'matriarch', ...(ExternalId && { ExternalId }) }))
  expect(await codeOf(assume())).toBe('AccessDenied')
  expect(await codeOf(assume('other'))).toBe('AccessDenied')
  const { Credentials: given } = await assume('herd-7')
  const session = { accessKeyId: given!.AccessKeyId!, secretAccessKey: given!.SecretAccessKey!, sessionToken: given!.SessionToken! }
  const who = (keys: object) => sts({ credentials: keys }).send(new GetCallerIdentityCommand({}))
  expect((await who(session)).Arn).toBe('arn:aws:sts::123456789012:assumed-role/console/matriarch')
  expect(await codeOf(who({ ...session, sessionToken: 'another' }))).toBe('InvalidClientTokenId')
  later(3_600_000)
  expect(await codeOf(who(session))).toBe('ExpiredToken')
})

test('more requests than a region’s limit are refused until its bucket fills again', async () => {
  let nowMs = Date.now()
  const limited = await startCloud({
    now: () => nowMs,
    limits: { read: { burst: 3, perSecond: 1 }, change: { burst: 1, perSecond: 1 } },
  })
  try {
    const look = (of: string) =>
      codeOf(ec2({ region: of, endpoint: limited.endpoint, credentials: limited.user }).send(new DescribeInstancesCommand({})))
    const three = [await look(region), await look(region), await look(region)]
    expect([...three, await look(region), await look('eu-west-1')]).toEqual([
      'no refusal',
      'no refusal',
      'no refusal',
      'RequestLimitExceeded',
      'no refusal',
    ])
    nowMs += 1000
    expect(await look(region)).toBe('no refusal')
  } finally {
    await limited.stop()
  }
})

interface Refusal {
  code: string
  prepare: () => string
  sdk: (id: string) => Promise<unknown>
  cli: (id: string) => string[]
  after?: () => void
}
const stopped = (given: object = {}) => running.cloud.state.add(region, { state: 'stopped', ...given }).id
const start = (id: string) => ec2().send(new StartInstancesCommand({ InstanceIds: [id] }))
const startCli = (id: string) => ['ec2', 'start-instances', '--instance-ids', id]
const become = (type: string) => (id: string) =>
  ec2().send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: type } }))
const becomeCli = (type: string) => (id: string) => ['ec2', 'modify-instance-attribute', '--instance-id', id, '--instance-type', type]
const refusals: Record<string, Refusal> = {
  'no capacity in the zone': {
    code: 'InsufficientInstanceCapacity',
    prepare: () => {
      running.cloud.state.exhausted.add('r5.large us-east-1a')
      return stopped({ type: 'r5.large' })
    },
    sdk: start,
    cli: startCli,
  },
  'a type that the zone does not offer': {
    code: 'Unsupported',
    prepare: () => stopped({ type: 'c5.large', zone: 'us-east-1e' }),
    sdk: start,
    cli: startCli,
  },
  'a type of another architecture': {
    code: 'InvalidParameterValue',
    prepare: stopped,
    sdk: become('r6g.large'),
    cli: becomeCli('r6g.large'),
  },
  'a type that demands ENA of an image without': {
    code: 'InvalidParameterCombination',
    prepare: () => stopped({ hasEna: false }),
    sdk: become('m5.xlarge'),
    cli: becomeCli('m5.xlarge'),
  },
  'another type for a machine that runs': {
    code: 'IncorrectInstanceState',
    prepare: () => running.cloud.state.add(region).id,
    sdk: become('m5.xlarge'),
    cli: becomeCli('m5.xlarge'),
  },
  'an action that is denied': {
    code: 'UnauthorizedOperation',
    prepare: () => {
      running.user.denied.add('ec2:StartInstances')
      return stopped()
    },
    sdk: start,
    cli: startCli,
    after: () => running.user.denied.clear(),
  },
  'a dry run': {
    code: 'DryRunOperation',
    prepare: stopped,
    sdk: (id) => ec2().send(new StartInstancesCommand({ InstanceIds: [id], DryRun: true })),
    cli: (id) => [...startCli(id), '--dry-run'],
  },
  'a dry run of another type': {
    code: 'DryRunOperation',
    prepare: () => running.cloud.state.add(region).id,
    sdk: (id) => ec2().send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: 'm5.xlarge' }, DryRun: true })),
    cli: (id) => [...becomeCli('m5.xlarge')(id), '--dry-run'],
  },
  'a dry run of a type that does not exist': {
    code: 'InvalidParameterValue',
    prepare: stopped,
    sdk: (id) => ec2().send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: 'm5.huge' }, DryRun: true })),
    cli: (id) => [...becomeCli('m5.huge')(id), '--dry-run'],
  },
  'a dry run on a machine that is not there': {
    code: 'InvalidInstanceID.NotFound',
    prepare: stopped,
    sdk: () =>
      ec2().send(new ModifyInstanceAttributeCommand({ InstanceId: 'i-00000000', InstanceType: { Value: 'm5.xlarge' }, DryRun: true })),
    cli: () => [...becomeCli('m5.xlarge')('i-00000000'), '--dry-run'],
  },
  'a machine of another region': {
    code: 'InvalidInstanceID.NotFound',
    prepare: () => running.cloud.state.add('eu-west-1').id,
    sdk: start,
    cli: startCli,
  },
  'a spot machine that is to stop': {
    code: 'UnsupportedOperation',
    prepare: () => running.cloud.state.add(region, { market: 'spot' }).id,
    sdk: (id) => ec2().send(new StopInstancesCommand({ InstanceIds: [id] })),
    cli: (id) => ['ec2', 'stop-instances', '--instance-ids', id],
  },
}
test.each(Object.entries(refusals))(
  'the SDK and awscli are both refused %s, and nothing changes',
  async (_what, { code, prepare, sdk, cli, after }) => {
    const id = prepare()
    later(consistencyMs)
    const before = structuredClone(running.cloud.state.machines.get(id))
    expect([await codeOf(sdk(id)), await codeOf(aws(cli(id)))]).toEqual([code, code])
    expect(running.cloud.state.machines.get(id)).toEqual(before)
    after?.()
  },
)

test('awscli lists, stops, modifies and starts a machine', async () => {
  const { id } = running.cloud.state.add('us-east-1', { tags: { Name: 'by-hand' } })
  later(consistencyMs)
  const listed = await aws([
    'ec2',
    'describe-instances',
    '--filters',
    'Name=tag:Name,Values=by-*',
    '--query',
    'Reservations[].Instances[].InstanceId',
  ])
  expect(listed).toEqual([id])
  await aws(['ec2', 'stop-instances', '--instance-ids', id])
  later(settleMs + consistencyMs)
  await aws(becomeCli('m5.2xlarge')(id))
  await aws(startCli(id))
  later(settleMs + consistencyMs)
  expect(
    await aws(['ec2', 'describe-instances', '--instance-ids', id, '--query', 'Reservations[0].Instances[0].[InstanceType,State.Name]']),
  ).toEqual(['m5.2xlarge', 'running'])
  expect(await aws(['sts', 'get-caller-identity'])).toMatchObject({ Account: '123456789012' })
})
