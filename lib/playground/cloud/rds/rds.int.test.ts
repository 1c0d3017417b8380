import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import {
  DescribeDBInstancesCommand,
  DescribeOrderableDBInstanceOptionsCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  paginateDescribeDBInstances,
  RDSClient,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awscli, codeOf } from '@/e2e/harness/aws/awscli'
import { type RunningCloud, startCloud } from '..'
import { readPolicy } from '../policy'

const region = 'us-east-1'
const settleMs = 2000
const consistencyMs = 100
let nowMs = Date.now()
let running: RunningCloud
const deeds: string[] = []
beforeAll(async () => {
  running = await startCloud({
    ...{ settleMs, consistencyMs },
    now: () => nowMs,
    limits: { read: { burst: 500, perSecond: 100 }, change: { burst: 50, perSecond: 5 } },
    powerDatabase: ({ id }, deed) => deeds.push(`${id} ${deed}`),
  })
})
afterAll(() => running.stop())

const later = (ms: number) => {
  nowMs += ms
}
const rds = () => new RDSClient({ region, endpoint: running.endpoint, credentials: running.user, maxAttempts: 1 })
const cli = <T>(...args: string[]) => awscli({ endpoint: running.endpoint, region }, running.user, args) as Promise<T>
const add = (id: string, given: object = {}) => running.cloud.state.databases.add(region, { id, ...given })
const look = async (id: string) => (await rds().send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))).DBInstances![0]!
const named = (DBInstanceIdentifier: string) => ({ DBInstanceIdentifier })

test('a class that is changed now waits as pending while the instance is still available, and a wait for that alone would end too early', async () => {
  add('orders')
  const { DBInstance } = await rds().send(
    new ModifyDBInstanceCommand({ ...named('orders'), DBInstanceClass: 'db.m5.xlarge', ApplyImmediately: true }),
  )
  expect(DBInstance).toMatchObject({ DBInstanceStatus: 'available', PendingModifiedValues: { DBInstanceClass: 'db.m5.xlarge' } })
  expect((await look('orders')).PendingModifiedValues, 'not seen at once').toEqual({})
  later(settleMs / 2 + consistencyMs)
  expect(await look('orders')).toMatchObject({ DBInstanceStatus: 'modifying', DBInstanceClass: 'db.m5.large' })
  expect(await codeOf(rds().send(new RebootDBInstanceCommand(named('orders'))))).toBe('InvalidDBInstanceStateFault')
  expect(await codeOf(cli('rds', 'reboot-db-instance', '--db-instance-identifier', 'orders'))).toBe('InvalidDBInstanceState')
  later(settleMs)
  expect(await look('orders')).toMatchObject({
    ...{ DBInstanceStatus: 'available', DBInstanceClass: 'db.m5.xlarge', PendingModifiedValues: {} },
    Endpoint: { Port: 5432 },
  })
  expect(deeds.splice(0)).toEqual(['orders restart'])
})

test('what is not applied at once waits for the maintenance, for the SDK and awscli', async () => {
  add('billing')
  await cli(
    'rds',
    'modify-db-instance',
    '--db-instance-identifier',
    'billing',
    '--db-instance-class',
    'db.r6g.large',
    '--no-apply-immediately',
  )
  later(10 * settleMs)
  expect(await look('billing')).toMatchObject({
    ...{ DBInstanceClass: 'db.m5.large', DBInstanceStatus: 'available' },
    PendingModifiedValues: { DBInstanceClass: 'db.r6g.large' },
  })
  running.cloud.state.databases.maintain(region, 'billing')
  later(settleMs + consistencyMs)
  const found = await cli<{ DBInstances: object[] }>('rds', 'describe-db-instances', '--db-instance-identifier', 'billing')
  expect(found.DBInstances[0]).toMatchObject({ DBInstanceClass: 'db.r6g.large', PendingModifiedValues: {} })
  deeds.splice(0)
})

test('classes that are not to be had are refused in AWS’s words, and nothing is pending', async () => {
  add('small')
  const become = (name: string) =>
    codeOf(rds().send(new ModifyDBInstanceCommand({ ...named('small'), DBInstanceClass: name, ApplyImmediately: true })))
  running.cloud.state.exhausted.add('db.m6i.large us-east-1a')
  expect([await become('db.x9.huge'), await become('db.m6i.large')]).toEqual([
    'InvalidParameterCombination',
    'InsufficientDBInstanceCapacityFault',
  ])
  running.cloud.state.exhausted.clear()
  expect((await look('small')).PendingModifiedValues).toEqual({})
  const { OrderableDBInstanceOptions: options } = await rds().send(
    new DescribeOrderableDBInstanceOptionsCommand({ Engine: 'postgres', EngineVersion: '15.8', DBInstanceClass: 'db.m5.large' }),
  )
  expect(options).toMatchObject([{ DBInstanceClass: 'db.m5.large', AvailabilityZones: expect.arrayContaining([{ Name: 'us-east-1a' }]) }])
  expect(options![0]!.AvailabilityZones).not.toContainEqual({ Name: 'us-east-1e' })
  expect(await codeOf(look('nowhere'))).toBe('DBInstanceNotFoundFault')
  expect(await codeOf(cli('rds', 'describe-db-instances', '--db-instance-identifier', 'nowhere'))).toBe('DBInstanceNotFound')
})

test('an instance stops and starts through its own statuses, and one that replicates cannot be stopped', async () => {
  add('single')
  await rds().send(new StopDBInstanceCommand(named('single')))
  later(consistencyMs)
  expect((await look('single')).DBInstanceStatus).toBe('stopping')
  expect(await codeOf(rds().send(new StartDBInstanceCommand(named('single'))))).toBe('InvalidDBInstanceStateFault')
  later(settleMs)
  expect((await look('single')).DBInstanceStatus).toBe('stopped')
  await cli('rds', 'start-db-instance', '--db-instance-identifier', 'single')
  later(settleMs + consistencyMs)
  expect((await look('single')).DBInstanceStatus).toBe('available')
  add('source')
  add('replica', { source: 'source' })
  const stop = (id: string) => codeOf(rds().send(new StopDBInstanceCommand(named(id))))
  expect([await stop('source'), await stop('replica')]).toEqual(['InvalidDBInstanceStateFault', 'InvalidDBInstanceStateFault'])
  expect(await look('source')).toMatchObject({ ReadReplicaDBInstanceIdentifiers: ['replica'] })
  expect(await look('replica')).toMatchObject({ ReadReplicaSourceDBInstanceIdentifier: 'source' })
  deeds.splice(0)
  await rds().send(new PromoteReadReplicaCommand(named('replica')))
  later(2 * settleMs)
  expect((await look('replica')).ReadReplicaSourceDBInstanceIdentifier).toBeUndefined()
  expect(await codeOf(rds().send(new PromoteReadReplicaCommand(named('replica'))))).toBe('InvalidDBInstanceStateFault')
  expect(deeds.splice(0)).toEqual(['replica promote'])
})

test('a list comes in pages, by filters that RDS has, and tags are told with each instance', async () => {
  for (let number = 0; number < 45; number += 1)
    running.cloud.state.databases.add('eu-west-1', { id: `many-${number}`, tags: { Role: 'db' } })
  later(consistencyMs)
  const client = new RDSClient({ region: 'eu-west-1', endpoint: running.endpoint, credentials: running.user, maxAttempts: 1 })
  const sizes: number[] = []
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client, pageSize: 20 }, {})) sizes.push(DBInstances.length)
  expect(sizes).toEqual([20, 20, 5])
  const filtered = (Name: string, ...Values: string[]) => client.send(new DescribeDBInstancesCommand({ Filters: [{ Name, Values }] }))
  expect((await filtered('db-instance-id', 'many-1', 'many-2')).DBInstances).toHaveLength(2)
  expect((await filtered('engine', 'mysql')).DBInstances).toHaveLength(0)
  expect(await codeOf(filtered('tag:Role', 'db'))).toBe('InvalidParameterValue')
  expect(await codeOf(client.send(new DescribeDBInstancesCommand({ MaxRecords: 5 })))).toBe('InvalidParameterValue')
  const [one] = (await filtered('db-instance-id', 'many-1')).DBInstances!
  expect(one!.TagList).toEqual([{ Key: 'Role', Value: 'db' }])
  const arn = one!.DBInstanceArn!
  await awscli({ endpoint: running.endpoint, region: 'eu-west-1' }, running.user, [
    ...['rds', 'add-tags-to-resource', '--resource-name', arn, '--tags', 'Key=Herd,Value=shop'],
  ])
  later(consistencyMs)
  expect((await filtered('db-instance-id', 'many-1')).DBInstances![0]!.TagList).toContainEqual({ Key: 'Herd', Value: 'shop' })
})

test('rights are judged by instance and tag, a limit is Throttling, and figures come in the JSON and the Query protocol', async () => {
  const user = running.cloud.identities.addUser('reader')
  user.policy = readPolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['rds:Describe*', 'cloudwatch:GetMetricData'], Resource: '*' },
        { Effect: 'Allow', Action: 'rds:RebootDBInstance', Resource: '*', Condition: { StringEquals: { 'aws:ResourceTag/Role': 'db' } } },
      ],
    }),
  )
  add('own', { tags: { Role: 'db' } })
  add('other')
  const as = new RDSClient({ region, endpoint: running.endpoint, credentials: user, maxAttempts: 1 })
  expect(await codeOf(as.send(new RebootDBInstanceCommand(named('own'))))).toBe('no refusal')
  await expect(as.send(new RebootDBInstanceCommand(named('other')))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('rds:RebootDBInstance on resource: arn:aws:rds:us-east-1:123456789012:db:other'),
  })
  running.cloud.limits.force(1)
  expect(await codeOf(rds().send(new DescribeDBInstancesCommand({})))).toBe('Throttling')

  const metrics = new CloudWatchClient({ region, endpoint: running.endpoint, credentials: user, maxAttempts: 1 })
  const dimension = { Name: 'DBInstanceIdentifier', Value: 'other' }
  const query = {
    Id: 'cpu',
    MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName: 'CPUUtilization', Dimensions: [dimension] }, Period: 60, Stat: 'Average' },
  }
  const span = { StartTime: new Date(nowMs - 600_000), EndTime: new Date(nowMs) }
  const { MetricDataResults } = await metrics.send(new GetMetricDataCommand({ ...span, MetricDataQueries: [query] }))
  expect(MetricDataResults![0]!.Values!.length).toBeGreaterThan(5)
  expect(MetricDataResults![0]!.Timestamps![0]!.getTime()).toBeLessThanOrEqual(nowMs - 60_000)
  const byCli = await cli<{ MetricDataResults: { Values: number[] }[] }>(
    ...['cloudwatch', 'get-metric-data', '--metric-data-queries', JSON.stringify([query])],
    ...['--start-time', span.StartTime.toISOString(), '--end-time', span.EndTime.toISOString()],
  )
  expect(byCli.MetricDataResults[0]!.Values).toEqual(MetricDataResults![0]!.Values)
  await expect(
    metrics.send(new GetMetricDataCommand({ StartTime: span.EndTime, EndTime: span.StartTime, MetricDataQueries: [query] })),
  ).rejects.toThrow('must be less')
})
