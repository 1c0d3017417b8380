import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { makeCertificateKeys } from '@/lib/kernel/ground/certificate'
import { closeDb, getPool, setDatabase } from '../pg/client'
import { asLogin } from '../pg/rights'
import { sealFor, secretPurpose } from '../records/sealing-key'
import { certificateKeys } from './certificate-key'
import { consolePrivateKey, ensureConsoleKeys } from './console-keys'
import { type Resealer, resealAll, sealedPlaces } from './reseal'

let database: TestDatabase
const [oldKey, newKey] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
const before = makeVault(oldKey)
const after = makeVault(newKey)
const both = makeVault(newKey, oldKey)
const make = () => makeSshKey('test')
let prod: string
let privateKey: string

beforeAll(async () => {
  database = await startDatabase()
  // As a worker may: the command runs with a worker's login.
  await closeDb()
  setDatabase(asLogin(database.connectionString, 'matriarch_worker'))
})
afterAll(() => database?.stop())

const asOwner = async (work: () => Promise<unknown>): Promise<void> => {
  await closeDb()
  setDatabase(database.connectionString)
  await work()
  await closeDb()
  setDatabase(asLogin(database.connectionString, 'matriarch_worker'))
}

beforeEach(() =>
  asOwner(async () => {
    await getPool().query('truncate environments, settings, dns_zones, cloud_accounts, subscriptions, console_keys cascade')
    prod = (await getPool().query<{ id: string }>(`insert into environments (name) values ('prod') returning id`)).rows[0]!.id
    await ensureConsoleKeys(before, make)
    await certificateKeys(before, makeCertificateKeys)
    privateKey = await consolePrivateKey(prod, before, make)
    await getPool().query(`insert into settings (name, value) values ('sealing-key', to_jsonb($1::text))`, [before.publicKey])
    // One of a form is a box of the web's, one the worker sealed itself.
    const box = await sealFor(secretPurpose('dns-zone', 'sealedKeySecret'), 'tsig')
    await getPool().query(
      `insert into dns_zones (environment_id, name, primary_host, key_name, key_algorithm, sealed_key_secret, sealed_access_secret)
       values ($1, 'example.org', '192.0.2.1', 'k', 'hmac-sha256', $2, $3)`,
      [prod, box, before.seal('aws', secretPurpose('dns-zone', 'sealedAccessSecret'))],
    )
    await getPool().query(
      `insert into cloud_accounts (environment_id, name, regions, access_key_id, sealed_access_secret) values ($1, 'a', '{eu-west-1}', 'k', $2)`,
      [prod, before.seal('cloud', secretPurpose('cloud-account', 'sealedAccessSecret'))],
    )
    const sealed = (field: string, secret: string) => before.seal(secret, secretPurpose('subscription', field))
    await getPool().query(
      `insert into subscriptions (name, channel, sealed_slack_url, sealed_routing_key, sealed_signing, sealed_previous_signing) values ('s', 'slack', $1, $2, $3, $4)`,
      [
        sealed('sealedSlackUrl', 'slack'),
        sealed('sealedRoutingKey', 'pager'),
        sealed('sealedSigning', 'sign'),
        sealed('sealedSigning', 'signed before'),
      ],
    )
  }),
)

/** Everything that is sealed, opened by this vault alone. */
const opened = async (vault: Resealer): Promise<Record<string, string>> => {
  const secrets: Record<string, string> = {}
  for (const { name, table, sealed, purpose } of sealedPlaces()) {
    const { rows } = await getPool().query(
      `select ${sealed} as sealed, ${purpose} as purpose from ${table} where coalesce(${sealed}, '') <> ''`,
    )
    for (const row of rows) secrets[name] = vault.open(row.sealed, row.purpose)
  }
  return secrets
}
const expected = () => ({
  'dns_zones.sealed_key_secret': 'tsig',
  'dns_zones.sealed_access_secret': 'aws',
  'cloud_accounts.sealed_access_secret': 'cloud',
  'subscriptions.sealed_slack_url': 'slack',
  'subscriptions.sealed_routing_key': 'pager',
  'subscriptions.sealed_signing': 'sign',
  'subscriptions.sealed_previous_signing': 'signed before',
  'console_keys.sealed_private_key': privateKey,
  'settings: certificate-key': expect.stringContaining('PRIVATE KEY'),
})

test('every column of the database that holds what a vault sealed is one that is sealed anew', async () => {
  const { rows } = await getPool().query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and column_name like 'sealed%' order by 1`,
  )
  const places = sealedPlaces().map(({ name }) => name)
  expect(new Set(places).size).toBe(places.length)
  // As the owner sees it: a login is shown the columns it has some right on.
  expect(rows.map(({ name }) => name).filter((name) => !places.includes(name))).toEqual([])
  expect(rows.length).toBe(places.length - 1)
})

test('afterwards the new key alone opens every secret, and the web closes new ones for it', async () => {
  expect(await resealAll(both)).toEqual({ resealed: 9, current: 9, lost: [], isContested: false })
  expect(await opened(after)).toEqual(expected())
  await expect(opened(before)).rejects.toThrow('another vault key')
  const box = await sealFor('a', 'entered meanwhile')
  expect(after.open(box, 'a')).toBe('entered meanwhile')
  expect((await getPool().query(`select detail from audit where act = 'vault.reseal'`)).rows.at(-1).detail).toEqual({
    resealed: 9,
    current: 9,
    lost: 0,
  })
})

test('while both keys are there, secrets of either open, before, in the middle and after', async () => {
  expect(await opened(both)).toEqual(expected())
  let left = 4
  const dies: Resealer = {
    ...both,
    seal: (secret, purpose) => {
      if (left-- === 0) throw new Error('killed')
      return both.seal(secret, purpose)
    },
  }
  await expect(resealAll(dies)).rejects.toThrow('killed')
  expect(await opened(both)).toEqual(expected())
  expect(await resealAll(both)).toMatchObject({ resealed: 5, current: 9, lost: [] })
  expect(await resealAll(both)).toMatchObject({ resealed: 0, current: 9 })
  expect(await opened(after)).toEqual(expected())
})

test('a secret that somebody enters in the very moment is neither lost nor left behind', async () => {
  let isFirst = true
  const meddled: Resealer = {
    ...both,
    // Between reading a row and writing it; closed for the key that the web read before it was replaced.
    seal: (secret, purpose) => both.seal(secret, purpose),
    isCurrent: (sealed, purpose) => both.isCurrent(sealed, purpose),
    open: (sealed, purpose) => both.open(sealed, purpose),
  }
  const entered = before.seal('entered', secretPurpose('dns-zone', 'sealedAccessSecret'))
  const pool = getPool()
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>
  const race = async (...args: unknown[]) => {
    if (isFirst && typeof args[0] === 'string' && args[0].startsWith('update "dns_zones" set "sealed_access_secret"')) {
      isFirst = false
      await query('update dns_zones set sealed_access_secret = $1', [entered])
    }
    return query(...args)
  }
  Object.assign(pool, { query: race })
  expect(await resealAll(meddled)).toMatchObject({ lost: [], isContested: false })
  expect(isFirst).toBe(false)
  expect(await opened(after)).toEqual({ ...expected(), 'dns_zones.sealed_access_secret': 'entered' })
})

test('what neither key opens is named and left as it is, and a signing key that no worker sealed is not made one', async () => {
  await getPool().query(`update subscriptions set sealed_signing = $1`, [makeVault(randomBytes(32).toString('base64')).seal('x', 'y')])
  await getPool().query(
    `update settings set value = jsonb_set(value, '{sealedPrivateKey}', to_jsonb($1::text)) where name = 'certificate-key'`,
    [await sealFor('certificate-key', 'theirs')],
  )
  const { lost, resealed } = await resealAll(both)
  expect(resealed).toBe(7)
  expect(lost).toEqual([
    expect.stringMatching(/^settings: certificate-key, .*somebody replaced it/),
    expect.stringMatching(/^subscriptions.sealed_signing, .*another vault key/),
  ])
  await expect(certificateKeys(both, makeCertificateKeys)).rejects.toMatchObject({ code: 'internal.bug' })
})
