import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { machineInventory } from '@/db/fleet/machine-inventory'
import { makeCloudAccountSource } from '@/db/fleet/machines'
import { getPool } from '@/db/pg/client'
import { addRecord, getRecord, listRecords } from '@/db/records/records'
import { publishSealingKey } from '@/db/records/sealing-key'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeMachines } from '@/lib/adapters/aws'
import { makeRds } from '@/lib/adapters/aws/rds'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import { resourceByName } from '@/lib/resources'
import { observeMachines } from './observe-machines'

const admin = { ...systemActor, kind: 'person' as const, name: 'ada' }
const vault = makeVault(randomBytes(32).toString('base64'))
const machines = makeMachines()
const rds = makeRds()
const settleMs = 2000
const skewMs = 0
let database: TestDatabase
let aws: RunningCloud
let prod: string
beforeAll(async () => {
  ;[database, aws] = await Promise.all([startDatabase(), startCloud({ now: () => Date.now() + skewMs, settleMs, consistencyMs: 0 })])
  await publishSealingKey(vault.publicKey)
  prod = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
})
afterAll(async () => {
  machines.close()
  rds.close()
  await Promise.all([database?.stop(), aws?.stop()])
})

const add = async (resource: string, values: object) => (await addRecord(admin, resourceByName(resource)!, values)).id
const account = (values: object = {}) =>
  add('cloud-account', {
    name: `account ${randomBytes(3).toString('hex')}`,
    environmentId: prod,
    regions: ['us-east-1', 'eu-west-1'],
    endpoint: aws.endpoint,
    accessKeyId: aws.user.accessKeyId,
    accessSecret: aws.user.secretAccessKey,
    ...values,
  })
const sweep = () => observeMachines({ machines, rds, accountOf: makeCloudAccountSource(vault) }, new AbortController().signal)
const accountNow = async (id: string) => (await getRecord(admin, resourceByName('cloud-account')!, id)).values
const seenBy = async (accountId: string) =>
  (
    await getPool().query<Record<string, unknown>>(
      `select m.*, s.hostname from machines m left join servers s on s.id = m.server_id where m.account_id = $1 order by m.title`,
      [accountId],
    )
  ).rows
const forget = (...ids: string[]) => getPool().query('delete from cloud_accounts where id = any($1::uuid[])', [ids])

test('machines with the account’s tags are found in every region, named by the template, and tied to the one server of its environment that has their address', async () => {
  const dev = await add('environment', { name: 'dev', colour: 'green', protection: 'open' })
  await add('server', { hostname: 'pg1', environmentId: prod, address: '10.9.0.1' })
  await add('server', { hostname: 'elsewhere', environmentId: dev, address: '10.9.0.2' })
  await add('server', { hostname: 'two-a', environmentId: prod, address: '10.9.0.3' })
  await add('server', { hostname: 'two-b', environmentId: prod, address: '198.51.100.3' })
  const tags = (Name: string) => ({ Name, Role: 'PostgreSQL', Project: 'Shop', Environment: 'Prod', Cluster: 'main' })
  aws.cloud.state.add('us-east-1', { privateIp: '10.9.0.1', tags: tags('a'), type: 'r5.2xlarge', volumeGb: 50 })
  aws.cloud.state.add('eu-west-1', { privateIp: '10.9.0.2', tags: tags('b'), market: 'spot' })
  aws.cloud.state.add('eu-west-1', { privateIp: '10.9.0.3', publicIp: '198.51.100.3', tags: tags('c') })
  aws.cloud.state.add('eu-west-1', { privateIp: '10.9.0.1', tags: { Role: 'PostgreSQL' }, state: 'terminated' })
  aws.cloud.state.add('us-east-1', { privateIp: '10.9.0.9', tags: { Name: 'web', Role: 'web' } })
  const id = await account({ machineTags: ['Role=PostgreSQL'], herdTemplate: '{project}-{environment}-{cluster}' })
  await sweep()
  expect(await accountNow(id)).toMatchObject({ state: 'reachable', because: null, awsAccount: '123456789012', machineCount: 3 })
  const found = (await seenBy(id)).sort((a, b) => (String(a.title) < String(b.title) ? -1 : 1))
  expect(found.map(({ title, tie, hostname, herd_name: herd, market, region }) => [title, tie, hostname, herd, market, region])).toEqual([
    ['a', 'tied', 'pg1', 'shop-prod-main', 'on-demand', 'us-east-1'],
    ['b', 'untied', null, 'shop-prod-main', 'spot', 'eu-west-1'],
    ['c', 'ambiguous', null, 'shop-prod-main', 'on-demand', 'eu-west-1'],
    [expect.stringMatching(/^i-/), 'untied', null, null, 'on-demand', 'eu-west-1'],
  ])
  expect(found[0]).toMatchObject({ type: 'r5.2xlarge', family: 'r5', volume_gib: 50, state: 'running' })
  expect(found[0]!.tags).toContain('Cluster=main')
  const { facets, rows } = await listRecords(admin, resourceByName('machine')!, emptyQuery(), { facets: true })
  expect(rows).toHaveLength(4)
  expect(JSON.stringify(facets)).toContain('shop-prod-main')
  await forget(id)
})

test('a server is the machine that is tied to it, and none once two accounts claim it or its region lists it no more', async () => {
  const server = await add('server', { hostname: 'pg8', environmentId: prod, address: '10.8.0.1' })
  const { id: instanceId } = aws.cloud.state.add('us-east-1', { privateIp: '10.8.0.1', tags: { Name: 'pg8', set: 'tied' } })
  const first = await account({ machineTags: ['set=tied'] })
  await sweep()
  const machineNow = () => machineInventory.serverMachine(server)
  expect(await machineNow()).toMatchObject({ title: 'pg8', accountId: first, region: 'us-east-1', instanceId })
  expect(await machineInventory.serverInstances(server)).toEqual([])
  const herdId = await add('herd', {
    name: 'shop',
    environmentId: prod,
    baseName: 'shop',
    port: 5432,
    dataDirectory: '/var/lib/postgresql/15/shop',
  })
  await add('instance', { herdId, serverId: server })
  const inventory = makeInventory()
  expect(await inventory.wholeMachine((await machineNow())!.id)).toMatchObject({
    ...{ title: 'pg8', instanceId, environmentId: prod, poolers: [] },
    server: { id: server, title: 'pg8' },
    instances: [{ title: 'shop on pg8', herdId }],
  })
  expect(await inventory.cloudAccount(first)).toMatchObject({
    machineTags: ['set=tied'],
    regions: [
      { region: 'us-east-1', instanceId },
      { region: 'eu-west-1', instanceId: null },
    ],
  })
  const second = await account({ machineTags: ['set=tied'] })
  await sweep()
  expect(await machineNow()).toBeNull()
  await forget(second)
  await sweep()
  expect(await machineNow()).not.toBeNull()
  aws.cloud.state.machines.delete(instanceId)
  await sweep()
  expect(await machineNow()).toBeNull()
  await forget(first)
})

test('DB instances of RDS are found beside machines where the account says so, named by the template and tied to the server with their endpoint', async () => {
  const tags = { set: 'rds', Project: 'Shop', Environment: 'Prod', Cluster: 'db' }
  const source = aws.cloud.state.databases.add('us-east-1', { id: 'shop-db', tags, class: 'db.r6g.xlarge', storageGb: 200 })
  aws.cloud.state.databases.add('us-east-1', { id: 'shop-db-ro', tags, source: 'shop-db', pending: { class: 'db.m5.large' } })
  aws.cloud.state.databases.add('us-east-1', { id: 'other-db' })
  const server = await add('server', {
    ...{ hostname: 'shop-db', environmentId: prod, address: source.address, profile: 'rds' },
    ...{ endpointUser: 'postgres', endpointPassword: 'secret of rds' },
  })
  const values = { machineTags: ['set=rds'], herdTemplate: '{project}-{environment}-{cluster}', regions: ['us-east-1'] }
  const without = await account(values)
  await sweep()
  expect(await seenBy(without)).toEqual([])
  await forget(without)
  const id = await account({ ...values, looksForRds: true })
  await sweep()
  expect(await accountNow(id)).toMatchObject({ state: 'reachable', machineCount: 2 })
  expect(await seenBy(id)).toMatchObject([
    {
      ...{ title: 'shop-db', kind: 'rds', type: 'db.r6g.xlarge', family: 'db.r6g', state: 'available', volume_gib: 200, port: 5432 },
      ...{ herd_name: 'shop-prod-db', hostname: 'shop-db', tie: 'tied', architecture: 'arm64', replicates_from: null },
    },
    { title: 'shop-db-ro', kind: 'rds', tie: 'untied', replicates_from: 'shop-db', pending_type: 'db.m5.large' },
  ])
  expect(await machineInventory.serverMachine(server)).toMatchObject({ kind: 'rds', instanceId: 'shop-db' })
  expect(JSON.stringify(await getRecord(admin, resourceByName('server')!, server))).not.toContain('secret of rds')
  aws.cloud.deniedIn.add('us-east-1 rds:DescribeDBInstances')
  await sweep()
  aws.cloud.deniedIn.clear()
  expect(await accountNow(id)).toMatchObject({ state: 'refused', because: expect.stringContaining('rds:DescribeDBInstances') })
  expect((await seenBy(id)).map(({ state }) => state)).toEqual(['available', 'available'])
  await forget(id)
})

test('a region that refuses leaves its machines as they were last seen and says the action that is missing; the other one is seen anew', async () => {
  const here = aws.cloud.state.add('us-east-1', { tags: { set: 'refused' } })
  const there = aws.cloud.state.add('eu-west-1', { tags: { set: 'refused' } })
  const id = await account({ machineTags: ['set=refused'] })
  await sweep()
  const ages = async () => Object.fromEntries((await seenBy(id)).map((row) => [row.region, Number(row.observed_at)]))
  const before = await ages()
  aws.cloud.state.machines.delete(here.id)
  aws.cloud.state.machines.delete(there.id)
  aws.cloud.deniedIn.add('eu-west-1 ec2:DescribeInstances')
  await sweep()
  aws.cloud.deniedIn.clear()
  const verdict = await accountNow(id)
  expect(verdict.state).toBe('refused')
  expect(verdict.because).toMatch(/\(eu-west-1\): the credentials may not do ec2:DescribeInstances.* \(request [0-9a-f-]{36}\)/)
  expect((await seenBy(id)).map(({ region, state }) => [region, state]).sort()).toEqual([
    ['eu-west-1', 'running'],
    ['us-east-1', 'gone'],
  ])
  expect((await ages())['eu-west-1']).toBe(before['eu-west-1'])
  await forget(id)
})

test('a cloud that does not answer takes nothing away: its machines keep their state and their age', async () => {
  const lone = await startCloud()
  lone.cloud.state.add('us-east-1')
  const id = await account({
    regions: ['us-east-1'],
    endpoint: lone.endpoint,
    accessKeyId: lone.user.accessKeyId,
    accessSecret: lone.user.secretAccessKey,
  })
  await sweep()
  const [before] = await seenBy(id)
  await lone.stop()
  await sweep()
  expect(await accountNow(id)).toMatchObject({ state: 'unreachable', because: expect.stringContaining('does not answer') })
  expect(await seenBy(id)).toEqual([before])
  await forget(id)
})

test('a role is assumed with its external id; with another one the account says whose trust is missing', async () => {
  const role = aws.cloud.identities.addRole('herder', 'seven-herds')
  aws.cloud.state.add('us-east-1', { tags: { set: 'role' } })
  const values = { regions: ['us-east-1'], machineTags: ['set=role'], roleArn: role.arn }
  const right = await account({ ...values, externalId: 'seven-herds' })
  const wrong = await account({ ...values, externalId: 'other' })
  await sweep()
  expect(await accountNow(right)).toMatchObject({ state: 'reachable', machineCount: 1 })
  expect(await accountNow(wrong)).toMatchObject({ state: 'refused', because: expect.stringContaining(`assume ${role.arn}`) })
  await forget(right, wrong)
})

test('an account takes a key or the worker’s own credentials, only an administrator of all gives the latter, and its secret is never shown', async () => {
  const problems = async (values: object, actor: typeof admin = admin) =>
    addRecord(actor, resourceByName('cloud-account')!, {
      name: 'x',
      environmentId: prod,
      regions: ['us-east-1'],
      ...values,
    }).then(
      () => 'saved',
      (error: { context?: { fields?: { path: string }[] }; fields?: { path: string }[] }) => JSON.stringify(error),
    )
  expect(await problems({})).toContain('accessKeyId')
  expect(await problems({ accessKeyId: 'AKIA', accessSecret: 's', endpoint: 'http://ec2.example.com' })).toContain('endpoint')
  const local = { ...admin, grants: [{ role: 'admin' as const, environmentId: prod }] }
  expect(await problems({ usesWorkerRole: true }, local)).toContain('usesWorkerRole')
  const id = await account()
  expect((await accountNow(id)).accessSecret).toBe(true)
  expect(JSON.stringify(await accountNow(id))).not.toContain(aws.user.secretAccessKey)
  await forget(id)
})

test('two regions of 3,000 machines each are swept in less than 10 s of the worker’s time and in no more requests than AWS lets through', async () => {
  for (const region of ['us-east-1', 'eu-west-1'])
    for (let number = 0; number < 3000; number += 1)
      aws.cloud.state.add(region, { tags: { Name: `pg-${number}`, set: 'large', Project: 'p', Cluster: `c${number % 300}` } })
  const id = await account({ machineTags: ['set=large'], herdTemplate: '{project}-{cluster}' })
  const [refusedBefore, askedBefore] = [aws.cloud.limits.refused, aws.cloud.seen.length]
  const [cpu, from] = [process.cpuUsage(), performance.now()]
  await sweep()
  const { user, system } = process.cpuUsage(cpu)
  // The twin is of the same process: what it takes counts, too.
  const seconds = (user + system) / 1e6
  console.log(`6,000 machines: ${seconds.toFixed(1)} s of CPU with the twin, ${((performance.now() - from) / 1000).toFixed(1)} s`)
  expect(seconds).toBeLessThan(10)
  expect(await accountNow(id)).toMatchObject({ state: 'reachable', machineCount: 6000 })
  expect(aws.cloud.limits.refused - refusedBefore).toBe(0)
  expect(aws.cloud.seen.length - askedBefore).toBeLessThan(20)
  await forget(id)
})
