import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeZoneSource } from '@/db/fleet/dns-names'
import { getPool } from '@/db/pg/client'
import { addRecord, getRecord } from '@/db/records/records'
import { publishSealingKey } from '@/db/records/sealing-key'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startNames, type TestNames } from '@/e2e/harness/daemons/named'
import { makeNames } from '@/lib/adapters/dns'
import { makeVault } from '@/lib/adapters/vault'
import { systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { observeNames } from './observe-names'

const admin = { ...systemActor, kind: 'person' as const, name: 'ada' }
const vault = makeVault(randomBytes(32).toString('base64'))
let database: TestDatabase
let bind: TestNames
/** A zone of the same name that nobody changes: what a resolver remembers. */
let cache: TestNames
let id: string
beforeAll(async () => {
  ;[database, bind, cache] = await Promise.all([startDatabase(), startNames(), startNames()])
  await publishSealingKey(vault.publicKey)
  const add = async (resource: string, values: object) => (await addRecord(admin, resourceByName(resource)!, values)).id
  const environmentId = await add('environment', { name: 'prod', colour: 'red', protection: 'confirm' })
  const herdId = await add('herd', { name: 'orders', environmentId, baseName: 'orders', port: 5432, dataDirectory: '/d' })
  for (const [hostname, role] of [
    ['h1', 'primary'],
    ['h2', 'standby'],
  ]) {
    const serverId = await add('server', { hostname, environmentId, address: `10.0.0.${hostname!.slice(1)}` })
    const instanceId = await add('instance', { herdId, serverId })
    await getPool().query(`update instances set state = 'online', role = $2, observed_at = now() where id = $1`, [instanceId, role])
  }
  const zoneId = await add('dns-zone', {
    name: bind.zone,
    environmentId,
    provider: 'rfc2136',
    primaryHost: bind.primary.address,
    primaryPort: bind.primary.port,
    keyName: bind.key.name,
    keySecret: bind.key.secret,
    authoritativeServers: [bind.primary, bind.secondary].map(({ address, port }) => `${address}:${port}`),
    resolvers: [`${cache.primary.address}:${cache.primary.port}`],
  })
  id = await add('name', { zoneId, hostName: 'orders', type: 'CNAME', herdId })
})
afterAll(() => Promise.all([database?.stop(), bind?.stop(), cache?.stop()]))

const seen = async () => {
  await observeNames(makeNames(makeZoneSource(vault)).read, new AbortController().signal)
  const { state, because, answer } = (await getRecord(admin, resourceByName('name')!, id)).values
  return { state, because, answer }
}
const point = (host: string, { nsupdate }: TestNames = bind) =>
  nsupdate(`update delete orders.${bind.zone}`, `update add orders.${bind.zone} 60 CNAME ${host}.${bind.zone}.`)

test('a name is right or wrong by what its real authoritative servers say and which member is the primary, and unknown when none answers; resolvers that remember the old answer are named until they forget it', async () => {
  expect(await seen()).toMatchObject({ state: 'wrong', because: 'DNS says nothing; it should be CNAME h1.db.test for 60 s' })
  await point('h2')
  await expect.poll(() => bind.dig(bind.secondary, 'CNAME', `orders.${bind.zone}`), { timeout: 20_000 }).toEqual([`h2.${bind.zone}.`])
  expect(await seen()).toMatchObject({ state: 'wrong', answer: 'CNAME h2.db.test for 60 s' })
  await point('h1')
  await expect.poll(() => bind.dig(bind.secondary, 'CNAME', `orders.${bind.zone}`), { timeout: 20_000 }).toEqual([`h1.${bind.zone}.`])
  await point('h2', cache)
  for (const round of ['found moved', 'still watched'])
    expect(await seen(), round).toEqual({
      state: 'right',
      because: expect.stringMatching(/^the resolver .* still says CNAME h2\.db\.test for 60 s$/),
      answer: 'CNAME h1.db.test for 60 s',
    })
  await point('h1', cache)
  expect(await seen()).toEqual({ state: 'right', because: null, answer: 'CNAME h1.db.test for 60 s' })
  await cache.kill('primary')
  await bind.kill('secondary')
  expect(await seen()).toMatchObject({ state: 'right' })
  await bind.kill('primary')
  expect(await seen()).toMatchObject({ state: 'unknown', because: expect.stringContaining('no authoritative server answers') })
})
