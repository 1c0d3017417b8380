import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { describe, isPair, makeAuthority, makeServerCertificate, newSecret } from '@/lib/adapters/stacks/keys'
import { scramVerifier } from '@/lib/adapters/stacks/verifier'
import { makeVault } from '@/lib/adapters/vault'
import type { NewLaunch } from '@/lib/ports'
import { resealAll } from '../keys/reseal'
import { getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { withLaunchKeys } from '../stacks/launch-keys'
import { makeStackStore } from '../stacks/store'
import { makeInventoryAct } from './herd-members'
import { makeInventory } from './inventory'
import { noteGone } from './spot-gone'

let database: TestDatabase
const [act, read] = [makeInventoryAct(), makeInventory()]
const options = { timeoutMs: 5_000 }
const ids: Record<string, string> = {}
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const [key, other] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')]
const maker = { newSecret, makeAuthority, makeServerCertificate, describe }
const passwordPurpose = 'blueprint.sealedAdminPassword'
const storeWith = (vault: ReturnType<typeof makeVault>) =>
  withLaunchKeys(makeStackStore(vault, maker, read), vault, { ...maker, verifierOf: scramVerifier, passwordPurpose })

beforeAll(async () => {
  database = await startDatabase()
  const [environment] = await query(`insert into environments (name) values ('prod') returning id`)
  const [account] = await query(
    `insert into cloud_accounts (environment_id, name, regions, uses_worker_role) values ($1, 'cloud', '{us-east-1}', true) returning id`,
    [environment.id],
  )
  await query(
    `insert into console_keys (environment_id, state, public_key, sealed_private_key) values ($1, 'current', 'ssh-ed25519 AAAA', '')`,
    [environment.id],
  )
  const [blueprint] = await query(
    `insert into blueprints (environment_id, account_id, name, regions, storage_gb, admin_user, sealed_admin_password, types, imported)
      values ($1, $2, 'shop', '{us-east-1}', 100, 'app', $3, '{m5.large}', '{"backup.s3_bucket": "b"}') returning id`,
    [environment.id, account.id, makeVault(key).seal('a pass’word', passwordPurpose)],
  )
  const [run] = await query(
    `insert into runs (operation, resource, title, actor_name, policy, digest) values ('launch-herd', 'blueprint', '', 'ada', '{}', '') returning id`,
  )
  const [job] = await query(
    `insert into jobs (run_id, operation, resource, target_id, title, digest) values ($1, 'launch-herd', 'blueprint', $2, '', '') returning id`,
    [run.id, blueprint.id],
  )
  Object.assign(ids, { environment: environment.id, blueprint: blueprint.id, job: job.id })
}, 120_000)
afterAll(() => database.stop())

const second = { server: '6f1c2a00-0000-8000-8000-000000000004', instance: '6f1c2a00-0000-8000-8000-000000000005' }

const launch = (): NewLaunch => ({
  blueprintId: ids.blueprint!,
  jobId: ids.job!,
  herd: {
    id: '6f1c2a00-0000-8000-8000-000000000001',
    name: 'shop',
    clusterName: 'shop',
    port: 5432,
    dataDirectory: '/var/lib/postgresql/18/shop',
    systemIdentifier: '7300000000000000001',
  },
  members: [
    {
      serverId: '6f1c2a00-0000-8000-8000-000000000002',
      instanceId: '6f1c2a00-0000-8000-8000-000000000003',
      hostname: 'shop-1',
      address: '203.0.113.9',
      user: 'postgres',
      hostKey: 'SHA256:abc',
      zone: 'us-east-1a',
    },
  ],
})

test('a blueprint comes with its account, its key, what it asks for beside, and no secret', async () => {
  const found = await read.blueprint(ids.blueprint!)
  expect(found).toMatchObject({
    title: 'shop',
    environmentName: 'prod',
    account: { title: 'cloud' },
    herd: null,
    hasPassword: true,
    publicKey: 'ssh-ed25519 AAAA',
    asksFor: ['backup.s3_bucket'],
    blueprint: { name: 'shop', storageGb: 100, adminUser: 'app', major: '18', market: 'spot' },
  })
  expect(found.standbyChoices[0]).toMatchObject({ region: 'us-east-1', type: 'm5.large', zone: expect.any(String) })
  expect(found.standbyChoices[0]!.zone).not.toBe(found.choices[0]!.zone)
  expect(JSON.stringify(found)).not.toContain('sealed')
  await expect(read.blueprint(ids.environment!)).rejects.toMatchObject({ code: 'record.missing' })
})

test('a launch is registered in one go and once, with its pinned key and under the name of who asked; torn down, nothing of it is registered', async () => {
  await act.registerLaunch(launch(), options)
  await act.registerLaunch(launch(), options)
  expect((await read.blueprint(ids.blueprint!)).herd).toEqual({ id: launch().herd.id, name: 'shop' })
  expect(await read.herdInstances(launch().herd.id)).toMatchObject([
    {
      title: 'shop on shop-1',
      address: { host: { hostKey: 'SHA256:abc', address: '203.0.113.9' }, port: 5432, clusterName: 'shop', major: '18' },
    },
  ])
  const another = { ...launch(), herd: { ...launch().herd, id: '6f1c2a00-0000-8000-8000-000000000009' } }
  await expect(act.registerLaunch(another, options)).rejects.toMatchObject({ code: 'record.missing' })
  const changes = () => query('select resource, act, actor_name from changes order by resource, act')
  expect(await changes()).toEqual(['herd', 'instance', 'server'].map((resource) => ({ resource, act: 'add', actor_name: 'ada' })))

  const member = {
    ...launch().members[0]!,
    serverId: second.server,
    instanceId: second.instance,
    hostname: 'shop-2',
    address: '203.0.113.10',
    hostKey: 'SHA256:def',
  }
  const standby = { blueprintId: ids.blueprint!, jobId: ids.job!, herdId: launch().herd.id, member: { ...member, zone: 'us-east-1b' } }
  await act.registerStandby(standby, options)
  await act.registerStandby(standby, options)
  expect((await read.herdInstances(launch().herd.id)).map(({ title }) => title)).toEqual(['shop on shop-1', 'shop on shop-2'])
  const { standbyChoices } = await read.blueprint(ids.blueprint!)
  expect(['us-east-1a', 'us-east-1b']).not.toContain(standbyChoices[0]!.zone)
  const stray = { ...standby, herdId: second.server }
  await expect(act.registerStandby(stray, options)).rejects.toMatchObject({ code: 'record.missing' })
  const taken = { ...standby, member: { ...member, serverId: second.instance, instanceId: second.server } }
  await expect(act.registerStandby(taken, options)).rejects.toMatchObject({ code: 'record.duplicate' })

  await query(`update servers set machine_id = 'old', host_key_offered = 'SHA256:new' where id = $1`, [second.server])
  const moved = {
    ...{ blueprintId: ids.blueprint!, herdId: launch().herd.id, jobId: ids.job! },
    members: [
      { serverId: launch().members[0]!.serverId, machineId: 'i-1', address: '203.0.113.9', hostKey: 'SHA256:abc', zone: 'us-east-1a' },
      { serverId: second.server, machineId: 'i-2', address: '203.0.113.99', hostKey: 'SHA256:new', zone: 'us-east-1c' },
    ],
  }
  for (const _again of [1, 2]) await act.moveMembers(moved, options)
  expect(await query('select address, host_key, host_key_offered, machine_id, site from servers where id = $1', [second.server])).toEqual([
    { address: '203.0.113.99', host_key: 'SHA256:new', host_key_offered: null, machine_id: null, site: 'us-east-1c' },
  ])
  expect(await query(`select actor_name, fields from changes where act = 'change'`)).toMatchObject([
    { actor_name: 'ada', fields: { address: ['203.0.113.10', '203.0.113.99'], hostKey: ['SHA256:def', 'SHA256:new'] } },
  ])
  await expect(act.moveMembers({ ...moved, herdId: second.server }, options)).rejects.toMatchObject({ code: 'record.missing' })
  const [machine] = await query(
    `insert into machines (account_id, environment_id, title, instance_id, region, zone, type, family, market, state, server_id, tie)
      select id, environment_id, 'shop-2', 'i-2', 'us-east-1', 'us-east-1c', 'm5.large', 'm5', 'spot', 'running', $1, 'tied' from cloud_accounts
      returning account_id`,
    [second.server],
  )
  const account = { id: machine.account_id, region: 'us-east-1' }
  for (const isStopped of [true, false]) {
    for (const _again of [1, 2]) await act.noteRest({ blueprintId: ids.blueprint!, isStopped }, options)
    expect((await read.blueprint(ids.blueprint!)).stoppedAt !== null).toBe(isStopped)
    await inPgTransaction((client) => noteGone(client, account, [{ instance_id: 'i-2', state: 'terminated' }]))
    expect(await query('select title from evictions'), 'what was stopped on purpose was not taken').toEqual(
      isStopped ? [] : [{ title: 'shop-2' }],
    )
  }
  await query('delete from evictions')
  for (const machineId of ['i-old', 'i-2'])
    await query(
      `insert into evictions (environment_id, server_id, title, instance_id, kind, source, gone_at) values ($1, $2, 'shop-2', $3, 'interruption', 'cloud', now())`,
      [ids.environment, second.server, machineId],
    )
  await act.moveMembers(moved, options)
  expect(await query('select instance_id from evictions where closed_at is null'), 'of a machine that is its server no more').toEqual([
    { instance_id: 'i-2' },
  ])
  await query('delete from evictions')
  const choices = await read.choicesIn(ids.blueprint!, 'us-east-1c')
  expect([choices.length > 0, new Set(choices.map(({ zone }) => zone))]).toEqual([true, new Set(['us-east-1c'])])

  const forget = { blueprintId: ids.blueprint!, herdId: launch().herd.id, jobId: ids.job! }
  await query(`insert into poolers (herd_id, server_id, config_path) values ($1, $2, '/etc/pgbouncer/pgbouncer.ini')`, [
    launch().herd.id,
    launch().members[0]!.serverId,
  ])
  await expect(act.forgetLaunch(forget, options)).rejects.toMatchObject({ code: 'record.in-use' })
  expect(await query('select (select count(*)::int from herds) as herds, (select count(*)::int from instances) as members')).toEqual([
    { herds: 1, members: 2 },
  ])
  await query('delete from poolers')
  await act.forgetLaunch(forget, options)
  await act.forgetLaunch(forget, options)
  expect(
    await query(
      'select (select count(*)::int from herds) as herds, (select count(*)::int from instances) as members, (select count(*)::int from servers) as servers',
    ),
  ).toEqual([{ herds: 0, members: 0, servers: 0 }])
  expect((await read.blueprint(ids.blueprint!)).herd).toBeNull()
  expect((await changes()).filter((one) => one.act === 'delete')).toHaveLength(5)
})

test('keys of a launched herd are sealed, made again only for another address, reach a host beside the password and its verifier, and open with the vault’s next key', async () => {
  const store = storeWith(makeVault(key))
  const id = `launch:${ids.blueprint}`
  const wanted = { cluster: 'shop', secrets: [], servers: [{ name: 'shop-1', address: '10.0.0.1' }], days: 30 }
  expect(await store.hasKeys(id, wanted)).toBe(false)
  await store.makeKeys(id, wanted, options)
  await store.makeKeys(id, wanted, options)
  const made = await store.secrets(id)
  expect(Object.keys(made).sort()).toEqual(['authority', 'certificate shop-1', 'key shop-1', 'user app', 'verifier app'])
  expect(made['user app']).toBe('a pass’word')
  expect(isPair({ certificate: made['certificate shop-1']!, privateKey: made['key shop-1']! })).toBe(true)
  expect(JSON.stringify(await query('select * from launch_keys'))).not.toContain('PRIVATE KEY')
  const moved = { ...wanted, servers: [{ name: 'shop-1', address: '10.0.0.2' }] }
  expect(await store.hasKeys(id, moved)).toBe(false)
  await store.makeKeys(id, moved, options)
  expect((await store.secrets(id)).authority).toBe(made.authority)
  expect((await resealAll(makeVault(other, key))).lost).toEqual([])
  const resealed = storeWith(makeVault(other))
  expect((await resealed.secrets(id)).authority).toBe(made.authority)
  await resealed.dropKeys(id, options)
  expect(Object.keys(await resealed.secrets(id)).sort()).toEqual(['user app', 'verifier app'])
})

test('PostgreSQL takes the verifier in place of the password, and lets the password in', async () => {
  await query(`create role scram_app login password '${scramVerifier('a pass’word')}'`)
  const [{ same }] = await query(`select rolpassword like 'SCRAM-SHA-256$4096:%' as same from pg_authid where rolname = 'scram_app'`)
  expect(same).toBe(true)
})
