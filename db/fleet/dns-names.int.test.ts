import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { actorIn } from '@/e2e/harness/two-territories'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import { getPool, listen } from '../pg/client'
import { addRecord, changeRecord, exportRecords, getRecord, listRecords, recordHistory } from '../records/records'
import { publishSealingKey } from '../records/sealing-key'
import { allNames, makeNameInventory, makeZoneSource, nameTargets, saveVerdicts } from './dns-names'
import { fleetFacts } from './front-page'

const named = (name: string): Resource => resourceByName(name)!
const [environment, herd, zone, name] = [named('environment'), named('herd'), named('dns-zone'), named('name')]
const admin = { ...systemActor, kind: 'person' as const, name: 'ada' }
const vault = makeVault(randomBytes(32).toString('base64'))
const secret = randomBytes(32).toString('base64')

let database: TestDatabase
let prod: string
let dev: string
let orders: string
beforeAll(async () => {
  database = await startDatabase()
  prod = (await addRecord(admin, environment, { name: 'prod', colour: 'red', protection: 'confirm' })).id
  dev = (await addRecord(admin, environment, { name: 'dev', colour: 'green', protection: 'open' })).id
  orders = (await addRecord(admin, herd, { name: 'orders', environmentId: prod, baseName: 'orders', port: 5432, dataDirectory: '/d' })).id
})
afterAll(() => database.stop())

const zoneValues = (zoneName: string, environmentId = prod) => ({
  name: zoneName,
  environmentId,
  provider: 'rfc2136',
  primaryHost: '198.18.0.2',
  keyName: 'matriarch',
  keySecret: secret,
})

const refusedFields = async (work: Promise<unknown>): Promise<Record<string, string>> => {
  const fault = (await work.then(
    () => null,
    (error: unknown) => error,
  )) as { facts?: { fields?: { path: string; message: string }[] } } | null
  return Object.fromEntries((fault?.facts?.fields ?? []).map(({ path, message }) => [path, message]))
}

test('without a worker’s key no secret is taken, and the sentence says why', async () => {
  await expect(addRecord(admin, zone, zoneValues('early.test'))).rejects.toThrow('only after a worker has run once')
  await publishSealingKey(vault.publicKey)
})

test('a secret is closed before it reaches the database, shown to nobody, and opened for its zone alone', async () => {
  const { id } = await addRecord(admin, zone, zoneValues('secret.test'))
  const view = await getRecord(admin, zone, id)
  expect(view.values).toMatchObject({ keySecret: true, accessSecret: false })
  const page = await listRecords(admin, zone, { ...emptyQuery(), columns: ['name', 'keySecret', 'accessSecret'] }, { facets: true })
  const exported: unknown[] = []
  for await (const row of exportRecords(admin, zone, { ...emptyQuery(), columns: ['name', 'keySecret'] })) exported.push(row)
  const history = await recordHistory(admin, zone, id, 1)
  const { rows } = await getPool().query('select * from dns_zones where id = $1', [id])
  const { rows: audit } = await getPool().query('select * from audit')
  const { rows: changes } = await getPool().query('select * from changes')
  const closed = rows[0].sealed_key_secret as string
  expect(vault.open(closed, 'dns-zone.sealedKeySecret')).toBe(secret)
  for (const shown of [view, page, exported, history]) {
    expect(JSON.stringify(shown)).not.toContain(secret)
    expect(JSON.stringify(shown)).not.toContain(closed)
  }
  expect(JSON.stringify([rows, audit, changes])).not.toContain(secret)
  expect(JSON.stringify([audit, changes])).not.toContain(closed)
  expect((await makeZoneSource(vault)(id)).settings).toMatchObject({ keyName: 'matriarch', keyAlgorithm: 'hmac-sha256', keySecret: secret })
})

test('a secret stays when it is left out or sent back as it was shown, is replaced by a text, and goes with null', async () => {
  const { id } = await addRecord(admin, zone, zoneValues('kept.test'))
  const change = async (values: object) => changeRecord(admin, zone, id, values, (await getRecord(admin, zone, id)).revision)
  const opened = async () => (await makeZoneSource(vault)(id)).settings.keySecret
  await change({ note: 'x', keySecret: true })
  expect(await opened()).toBe(secret)
  const next = randomBytes(32).toString('base64')
  await change({ keySecret: next })
  expect(await opened()).toBe(next)
  expect((await recordHistory(admin, zone, id, 1)).lines[0]!.fields).toEqual({ keySecret: [true, 'replaced'] })
  expect(await refusedFields(change({ keySecret: null }))).toHaveProperty('keySecret')
  await change({ keySecret: null, keyName: null, allowUnsigned: true })
  expect(await opened()).toBe(null)
  expect((await getRecord(admin, zone, id)).values.keySecret).toBe(false)
})

test('a zone that could never be changed is refused, with the field and what to do', async () => {
  expect(await refusedFields(addRecord(admin, zone, { name: 'a.test', environmentId: prod, provider: 'rfc2136' }))).toEqual({
    primaryHost: 'Dynamic updates need the primary server.',
    keyName: 'Give a TSIG key, or say that updates go unsigned.',
    keySecret: 'Give the key’s secret.',
  })
  expect(await refusedFields(addRecord(admin, zone, { ...zoneValues('a.test'), keySecret: 'not base64!' }))).toHaveProperty('keySecret')
  expect(
    await refusedFields(addRecord(admin, zone, { name: 'a.test', environmentId: prod, provider: 'route53', accessKeyId: 'AKIA' })),
  ).toEqual({
    hostedZoneId: 'Route 53 needs the id of the hosted zone.',
    accessSecret: 'Give the access key’s secret.',
  })
})

test('the credentials of the worker’s host are used for no zone that an administrator of every environment has not marked', async () => {
  const values = { name: 'aws.test', environmentId: dev, provider: 'route53', hostedZoneId: 'Z0DEV' }
  const dba = actorIn('dba', dev)
  const denied = { code: 'access.denied' }
  expect(await refusedFields(addRecord(admin, zone, values))).toMatchObject({ accessKeyId: expect.stringContaining('Give an access key.') })
  for (const actor of [dba, actorIn('admin', dev)])
    await expect(addRecord(actor, zone, { ...values, usesWorkerRole: true })).rejects.toMatchObject(denied)
  const { id } = await addRecord(admin, zone, { ...values, usesWorkerRole: true })
  expect((await makeZoneSource(vault)(id)).settings).toMatchObject({ usesWorkerRole: true, accessKeyId: null, accessSecret: null })
  for (const change of [
    { hostedZoneId: 'Z0PROD' },
    { endpoint: 'https://elsewhere.test' },
    { usesWorkerRole: false, accessKeyId: 'AKIA', accessSecret: 's' },
  ])
    await expect(changeRecord(dba, zone, id, change, 1)).rejects.toMatchObject(denied)
  await changeRecord(dba, zone, id, { note: 'may be said', ttlSeconds: 30 }, 1)
})

test('a zone that gets another provider keeps nothing of the one it had, and its worker is given only what its own provider needs', async () => {
  const { id } = await addRecord(admin, zone, zoneValues('moved.test'))
  const aws = { provider: 'route53', hostedZoneId: 'Z0DEV', accessKeyId: 'AKIA', accessSecret: 's' }
  expect(await refusedFields(changeRecord(admin, zone, id, { ...aws, primaryHost: 'ns2.test' }, 1))).toEqual({
    primaryHost: 'Only where Update method is Dynamic update (RFC 2136).',
  })
  expect(await refusedFields(changeRecord(admin, zone, id, { ...aws, keySecret: secret }, 1))).toHaveProperty('keySecret')
  await changeRecord(admin, zone, id, aws, 1)
  const { rows } = await getPool().query('select primary_host, key_name, sealed_key_secret from dns_zones where id = $1', [id])
  expect(rows).toEqual([{ primary_host: null, key_name: null, sealed_key_secret: null }])
  expect((await makeZoneSource(vault)(id)).settings).toEqual({
    hostedZoneId: 'Z0DEV',
    region: 'us-east-1',
    endpoint: null,
    usesWorkerRole: false,
    accessKeyId: 'AKIA',
    accessSecret: 's',
  })
})

test('an endpoint is asked in the clear on the worker’s own host alone', async () => {
  const values = { environmentId: dev, provider: 'route53', hostedZoneId: 'Z0DEV', accessKeyId: 'AKIA', accessSecret: 's' }
  const problems = (endpoint: string) =>
    refusedFields(addRecord(admin, zone, { ...values, name: `z${randomBytes(4).toString('hex')}.test`, endpoint }))
  for (const bad of ['http://169.254.169.254', 'http://route53.example.com', 'http://127.0.0.1.example.com', 'http://localhost.example'])
    expect(await problems(bad), bad).toHaveProperty('endpoint')
  for (const good of ['https://route53.example.com', 'http://127.0.0.1:4566', 'http://[::1]:4566', 'http://localhost:4566'])
    await addRecord(admin, zone, { ...values, name: `z${randomBytes(4).toString('hex')}.test`, endpoint: good })
})

test('a name is whole, of its herd’s environment, follows a zone that is renamed, and is known to operations', async () => {
  const { id: zoneId } = await addRecord(admin, zone, { ...zoneValues('Prod.Test'), ttlSeconds: 30 })
  const { id } = await addRecord(admin, name, { zoneId, hostName: 'Orders', type: 'CNAME', herdId: orders })
  const whole = await addRecord(admin, name, {
    zoneId,
    hostName: 'reader.prod.test',
    type: 'A',
    herdId: orders,
    follows: 'standbys',
    ttlOverride: 5,
  })
  expect((await getRecord(admin, name, id)).title).toBe('orders.prod.test')
  expect((await getRecord(admin, name, id)).environmentId).toBe(prod)
  const inventory = makeNameInventory()
  expect(await inventory.herdNames(orders)).toMatchObject([
    { id, title: 'orders.prod.test', type: 'CNAME', follows: 'primary', carries: 'hostname', hostDomain: 'prod.test', ttlSeconds: 30 },
    { id: whole.id, title: 'reader.prod.test', type: 'A', follows: 'standbys', carries: 'address', ttlSeconds: 5 },
  ])
  await changeRecord(admin, zone, zoneId, { name: 'live.test' }, 1)
  expect((await inventory.name(id)).title).toBe('orders.live.test')
  expect((await inventory.zone(zoneId)).address).toEqual({ zoneId, name: 'live.test', provider: 'rfc2136' })
})

test('a name that DNS could not hold is refused, with the field and what to do', async () => {
  const { id: zoneId } = await addRecord(admin, zone, zoneValues('rules.test'))
  const { id: elsewhere } = await addRecord(admin, zone, zoneValues('rules.test', dev))
  const add = (values: object) => addRecord(admin, name, { zoneId, hostName: 'shop', type: 'CNAME', herdId: orders, ...values })
  await add({})
  expect(await refusedFields(add({ hostName: 'SHOP.rules.test', type: 'A' }))).toHaveProperty('type')
  expect(await refusedFields(add({ hostName: 'all', follows: 'members' }))).toHaveProperty('type')
  expect(await refusedFields(add({ hostName: 'far', zoneId: elsewhere }))).toHaveProperty('zoneId')
  expect(await refusedFields(add({ hostName: 'a', type: 'A', carries: 'hostname' }))).toHaveProperty('carries')
  expect(await refusedFields(add({}))).toMatchObject({ zoneId: expect.stringContaining('Another DNS name') })
})

test('what was found of a name is kept, shown on the front page while it is wrong, and told once to those who watch', async () => {
  const heard: string[] = []
  const stop = await listen('records', (payload) => heard.push(payload))
  const { id } = (await allNames()).find(({ title }) => title === 'orders.live.test')!
  const wrong = { id, state: 'wrong' as const, because: 'DNS says h2; it should be h1', answer: 'CNAME h2', wanted: 'CNAME h1' }
  await saveVerdicts([wrong])
  await expect.poll(() => heard).toContain('name')
  heard.length = 0
  await saveVerdicts([wrong])
  await saveVerdicts([])
  expect((await getRecord(admin, name, id)).values).toMatchObject({ state: 'wrong', answer: 'CNAME h2', wanted: 'CNAME h1' })
  expect((await fleetFacts(admin)).names).toMatchObject([{ id, name: 'orders.live.test', environmentId: prod, total: 1 }])
  await saveVerdicts([{ id, state: 'right', because: null, answer: 'CNAME h1', wanted: 'CNAME h1' }])
  await expect.poll(() => heard).toEqual(['name'])
  stop()
})

test('a member that was not seen for a minute is not online to a name', async () => {
  const server = await addRecord(admin, named('server'), { hostname: 'h1', environmentId: prod, address: '10.0.0.1' })
  const { id } = await addRecord(admin, named('instance'), { herdId: orders, serverId: server.id })
  const see = (age: string) =>
    getPool().query(`update instances set state = 'online', role = 'primary', observed_at = now() - $2::interval where id = $1`, [id, age])
  await see('5 s')
  expect((await nameTargets([orders])).get(orders)).toEqual([
    { title: 'orders on h1', hostname: 'h1', address: '10.0.0.1', role: 'primary', isOnline: true },
  ])
  await see('2 min')
  expect((await nameTargets([orders])).get(orders)![0]!.isOnline).toBe(false)
})
