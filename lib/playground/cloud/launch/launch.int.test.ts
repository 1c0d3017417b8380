import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSpotInstanceRequestsCommand,
  DescribeVolumesCommand,
  EC2Client,
  ImportKeyPairCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awscli, codeOf } from '@/e2e/harness/aws/awscli'
import { type RunningCloud, startCloud } from '..'
import { newestImage } from './images'
import { subnetOf } from './network'

const region = 'us-east-1'
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII somebody'
let running: RunningCloud
let client: EC2Client
let skewMs = 0
beforeAll(async () => {
  running = await startCloud({
    now: () => Date.now() + skewMs,
    settleMs: 1000,
    consistencyMs: 0,
    limits: { read: { burst: 500, perSecond: 100 }, change: { burst: 500, perSecond: 100 } },
  })
  client = new EC2Client({ region, endpoint: running.endpoint, credentials: running.user, maxAttempts: 1 })
})
afterAll(async () => {
  client?.destroy()
  await running?.stop()
})

const aws = (args: string[]) => awscli({ endpoint: running.endpoint, region }, running.user, args)
const settle = () => {
  skewMs += 1000
}
const run = (more: Partial<RunInstancesCommandInput> = {}) =>
  client.send(new RunInstancesCommand({ ImageId: newestImage(region), MinCount: 1, MaxCount: 1, InstanceType: 'm5.large', ...more }))
const group = async (name: string) =>
  (await client.send(new CreateSecurityGroupCommand({ GroupName: name, Description: 'of a test' }))).GroupId!

test('a launch has what it asked for: image, network, key, user data, metadata by session alone, and encrypted volumes with their tags', async () => {
  const { Images = [] } = await client.send(
    new DescribeImagesCommand({ Owners: ['136693071363'], Filters: [{ Name: 'name', Values: ['debian-13-arm64-*'] }] }),
  )
  expect(Images.map(({ Architecture }) => Architecture)).toEqual(['arm64', 'arm64'])
  const groupId = await group('launched')
  await client.send(new ImportKeyPairCommand({ KeyName: 'people', PublicKeyMaterial: Buffer.from(publicKey) }))
  const { Instances } = await run({
    ImageId: Images[1]!.ImageId,
    InstanceType: 'm6g.large',
    SubnetId: subnetOf('us-east-1b'),
    SecurityGroupIds: [groupId],
    KeyName: 'people',
    UserData: Buffer.from('#cloud-config\n').toString('base64'),
    MetadataOptions: { HttpTokens: 'required' },
    InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { MaxPrice: '9' } },
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true } },
      { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 100, VolumeType: 'gp3', Encrypted: true, Iops: 4000, DeleteOnTermination: false } },
    ],
    TagSpecifications: [
      { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'shop' }] },
      { ResourceType: 'volume', Tags: [{ Key: 'herd', Value: 'shop' }] },
    ],
  })
  settle()
  const id = Instances![0]!.InstanceId!
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  expect(Reservations![0]!.Instances![0]).toMatchObject({
    State: { Name: 'running' },
    Architecture: 'arm64',
    Placement: { AvailabilityZone: 'us-east-1b' },
    InstanceLifecycle: 'spot',
    KeyName: 'people',
    SecurityGroups: [{ GroupId: groupId }],
    MetadataOptions: { HttpTokens: 'required' },
  })
  expect(running.cloud.state.machines.get(id)!.userData).toBe('#cloud-config\n')
  const volumes = async () =>
    (await client.send(new DescribeVolumesCommand({ Filters: [{ Name: 'tag:herd', Values: ['shop'] }] }))).Volumes!.map(
      ({ Size, Encrypted, Iops, State }) => [Size, Encrypted, Iops, State],
    )
  expect(await volumes()).toEqual([
    [20, true, 3000, 'in-use'],
    [100, true, 4000, 'in-use'],
  ])
  const request = async () =>
    (
      await client.send(new DescribeSpotInstanceRequestsCommand({ Filters: [{ Name: 'instance-id', Values: [id] }] }))
    ).SpotInstanceRequests!.map(({ State, Status }) => [State, Status!.Code])
  expect(await request()).toEqual([['active', 'fulfilled']])

  expect(await codeOf(client.send(new DeleteSecurityGroupCommand({ GroupId: groupId })))).toBe('DependencyViolation')
  await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
  settle()
  await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  expect(await volumes(), 'the data outlives the machine').toEqual([[100, true, 4000, 'available']])
  expect(await request()).toEqual([['closed', 'instance-terminated-by-user']])
  await client.send(new DeleteSecurityGroupCommand({ GroupId: groupId }))
})

test('what is asked for twice with the same token is made once, and another request with that token is refused', async () => {
  const [first, second] = [await run({ ClientToken: 'job-1' }), await run({ ClientToken: 'job-1' })]
  expect(second.Instances![0]!.InstanceId).toBe(first.Instances![0]!.InstanceId)
  expect(await codeOf(run({ ClientToken: 'job-1', SubnetId: subnetOf('us-east-1b') }))).toBe('IdempotentParameterMismatch')
  const volume = (Size: number) =>
    client.send(new CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size, VolumeType: 'gp3', ClientToken: 'job-1' }))
  const made = (await volume(10)).VolumeId!
  expect((await volume(10)).VolumeId).toBe(made)
  expect(await codeOf(volume(20))).toBe('IdempotentParameterMismatch')
  await client.send(new DeleteVolumeCommand({ VolumeId: made }))
  expect(await codeOf(client.send(new DeleteVolumeCommand({ VolumeId: made })))).toBe('InvalidVolume.NotFound')
})

test('a group lets nobody in until it is told to, and a rule stands once', async () => {
  const GroupId = await group('rules')
  const rule = { IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: '203.0.113.7/32', Description: 'me' }] }
  const seen = async () => (await client.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }))).SecurityGroups![0]!
  expect((await seen()).IpPermissions ?? []).toEqual([])
  const authorize = () => client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule] }))
  await authorize()
  expect((await seen()).IpPermissions).toMatchObject([rule])
  expect(await codeOf(authorize())).toBe('InvalidPermission.Duplicate')
  expect(await codeOf(group('rules'))).toBe('InvalidGroup.Duplicate')
})

const refusals: Record<string, { code: string; asked: Partial<RunInstancesCommandInput> }> = {
  'an image of another region': { code: 'InvalidAMIID.NotFound', asked: { ImageId: newestImage('eu-west-1') } },
  'a type of another architecture': { code: 'InvalidParameterValue', asked: { InstanceType: 'm6g.large' } },
  'a key pair that is not there': { code: 'InvalidKeyPair.NotFound', asked: { KeyName: 'nobody' } },
  'a group that is not there': { code: 'InvalidGroup.NotFound', asked: { SecurityGroupIds: ['sg-00000000'] } },
  'user data that is too long': {
    code: 'InvalidParameterValue',
    asked: { UserData: Buffer.alloc(16_385).toString('base64') },
  },
  'throughput on a volume that has none': {
    code: 'InvalidParameterCombination',
    asked: { BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 500, VolumeType: 'st1', Throughput: 200 } }] },
  },
  'a spot price below the market': {
    code: 'SpotMaxPriceTooLow',
    asked: { InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { MaxPrice: '0.0001' } } },
  },
}
test.each(Object.entries(refusals))('%s is refused, and nothing is launched', async (_what, { code, asked }) => {
  const before = running.cloud.state.machines.size
  expect(await codeOf(run(asked))).toBe(code)
  expect(running.cloud.state.machines.size).toBe(before)
})

test('awscli makes a group, lets itself in, and launches into it', async () => {
  const made = (await aws(['ec2', 'create-security-group', '--group-name', 'by-hand', '--description', 'd'])) as { GroupId: string }
  await aws([
    ...['ec2', 'authorize-security-group-ingress', '--group-id', made.GroupId],
    ...['--protocol', 'tcp', '--port', '22', '--cidr', '10.0.0.0/8'],
  ])
  expect(running.cloud.state.groups.get(made.GroupId)!.ingress).toMatchObject([{ from: 22, to: 22, cidr: '10.0.0.0/8' }])
  const id = await aws([
    ...['ec2', 'run-instances', '--image-id', newestImage(region), '--instance-type', 'm5.large', '--security-group-ids', made.GroupId],
    ...['--user-data', '#cloud-config', '--metadata-options', 'HttpTokens=required', '--query', 'Instances[0].InstanceId'],
  ])
  expect(running.cloud.state.machines.get(String(id))).toMatchObject({ userData: '#cloud-config', httpTokens: 'required' })
})
