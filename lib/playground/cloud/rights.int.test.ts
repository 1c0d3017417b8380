import { DescribeInstancesCommand, EC2Client, RebootInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awscli, codeOf } from '@/e2e/harness/aws/awscli'
import { type RunningCloud, startCloud } from '.'
import type { Keys } from './identity'
import { readPolicy } from './policy'

const region = 'us-east-1'
let running: RunningCloud
beforeAll(async () => {
  running = await startCloud({ settleMs: 0, consistencyMs: 0 })
})
afterAll(() => running.stop())

const withPolicy = (name: string, ...statements: object[]) => {
  const user = running.cloud.identities.addUser(name)
  user.policy = readPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }))
  return user
}
const ec2 = (credentials: Keys) => new EC2Client({ region, endpoint: running.endpoint, credentials, maxAttempts: 1 })
const cli = (keys: Keys, args: string[]) => codeOf(awscli({ endpoint: running.endpoint, region }, keys, args))
const machine = (tags: Record<string, string> = {}, of = region) => running.cloud.state.add(of, { tags }).id
const stop = (user: Keys, ...InstanceIds: string[]) => codeOf(ec2(user).send(new StopInstancesCommand({ InstanceIds, DryRun: true })))
const stopCli = (user: Keys, ...ids: string[]) => cli(user, ['ec2', 'stop-instances', '--dry-run', '--instance-ids', ...ids])
const arn = `arn:aws:ec2:${region}:123456789012:instance/*`
const ofPostgres = { StringLike: { 'aws:ResourceTag/Role': 'Postgre*' } }
const refused = 'UnauthorizedOperation'
const passed = 'DryRunOperation'

test('a user may do what its policy allows, to the machines that it names alone, for the SDK and awscli', async () => {
  const user = withPolicy(
    'operator',
    { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' },
    { Effect: 'Allow', Action: ['ec2:StopInstances', 'ec2:RebootInstances'], Resource: arn, Condition: ofPostgres },
    { Effect: 'Deny', Action: 'ec2:RebootInstances', Resource: '*' },
  )
  const own = machine({ Role: 'PostgreSQL' })
  const other = machine({ Role: 'web' })
  expect([await stop(user, own), await stopCli(user, own)]).toEqual([passed, passed])
  expect([await stop(user, other), await stopCli(user, other)]).toEqual([refused, refused])
  expect([await stop(user, own, other), await stopCli(user, own, other)], 'one of both').toEqual([refused, refused])
  expect(await stop(user, 'i-0000000000000000f'), 'no such machine').toBe(refused)
  expect(await codeOf(ec2(user).send(new DescribeInstancesCommand({ InstanceIds: [own] })))).toBe('no refusal')
  expect(await cli(user, ['ec2', 'describe-volumes'])).toBe(refused)
  await expect(ec2(user).send(new RebootInstancesCommand({ InstanceIds: [own], DryRun: true }))).rejects.toThrow(
    'is not authorized to perform: ec2:RebootInstances on resource: ' +
      `arn:aws:ec2:us-east-1:123456789012:instance/${own} with an explicit deny in an identity-based policy`,
  )
})

test('what a policy does not mention says that nothing allows it', async () => {
  const user = withPolicy('reader', { Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' })
  await expect(ec2(user).send(new StopInstancesCommand({ InstanceIds: [machine()] }))).rejects.toThrow(
    'because no identity-based policy allows the ec2:StopInstances action',
  )
})

test('a role is assumed by whom it trusts alone, and its sessions may do what the role may', async () => {
  const { identities } = running.cloud
  const named = withPolicy('named')
  const allowed = withPolicy('allowed', { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: 'arn:aws:iam::123456789012:role/open' })
  const forbidden = withPolicy('forbidden', { Effect: 'Deny', Action: 'sts:*', Resource: '*' })
  const closed = identities.addRole('closed', null, [named.arn, forbidden.arn])
  const open = identities.addRole('open', null)
  open.policy = readPolicy(
    JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' } }),
  )
  const assume = (credentials: Keys, role: string) =>
    new STSClient({ region, endpoint: running.endpoint, credentials, maxAttempts: 1 }).send(
      new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'matriarch' }),
    )
  const assumeCli = (keys: Keys, role: string) => cli(keys, ['sts', 'assume-role', '--role-arn', role, '--role-session-name', 'matriarch'])
  for (const ask of [(keys: Keys, role: string) => codeOf(assume(keys, role)), assumeCli]) {
    expect([await ask(named, closed.arn), await ask(allowed, closed.arn), await ask(forbidden, closed.arn)]).toEqual([
      'no refusal',
      'AccessDenied',
      'AccessDenied',
    ])
    expect([await ask(allowed, open.arn), await ask(named, open.arn)]).toEqual(['no refusal', 'AccessDenied'])
  }
  const { Credentials: given } = await assume(allowed, open.arn)
  const session = { accessKeyId: given!.AccessKeyId!, secretAccessKey: given!.SecretAccessKey!, sessionToken: given!.SessionToken! }
  expect(await codeOf(ec2(session).send(new DescribeInstancesCommand({})))).toBe('no refusal')
  expect(await stop(session, machine())).toBe(refused)
})
