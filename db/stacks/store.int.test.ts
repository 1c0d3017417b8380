import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { describe, isPair, makeAuthority, makeServerCertificate, newSecret } from '@/lib/adapters/stacks/keys'
import { makeVault } from '@/lib/adapters/vault'
import { certificatesIn } from '@/lib/domain/stack/authorities'
import { makeInventory } from '../fleet/inventory'
import { resealAll, sealedPlaces } from '../keys/reseal'
import { getPool } from '../pg/client'
import { makeStackStore } from './store'

let database: TestDatabase
const [key, other] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')]
const maker = { newSecret, makeAuthority, makeServerCertificate, describe }
const storeWith = (vault: ReturnType<typeof makeVault>) => makeStackStore(vault, maker, makeInventory())
const options = { timeoutMs: 5_000 }
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const wanted = { cluster: 'shop', secrets: ['rest', 'user app'], servers: [{ name: 'db1', address: '10.0.0.1' }], days: 30 }
let id: string

beforeAll(async () => {
  database = await startDatabase()
  const [environment] = await query(`insert into environments (name) values ('dev') returning id`)
  await query(`insert into servers (environment_id, hostname, address) values ($1, 'db1', '10.0.0.1'), ($1, 'idle', '10.0.0.9')`, [
    environment.id,
  ])
  const file = 'cluster: shop\nnetwork: 10.0.0.0/8\nservers: {db1: [postgres, etcd], db2: [postgres, etcd], edge: [etcd]}\n'
  ;[{ id }] = (await query('insert into stacks (environment_id, name, file) values ($1, $2, $3) returning id', [
    environment.id,
    'shop',
    file,
  ])) as [{ id: string }]
}, 120_000)
afterAll(() => database.stop())

test('a declared cluster comes with those of its servers that are registered, and one that is not is told as missing', async () => {
  const store = storeWith(makeVault(key))
  const declared = await store.declared(id)
  expect(declared).toMatchObject({ title: 'shop', environmentName: 'dev', isBuilt: false, builtFile: null })
  expect(declared.servers.map(({ title }) => title)).toEqual(['db1'])
  await store.markBuilt(id, declared.file.replace('db2', 'idle'), options)
  const built = await store.declared(id)
  expect(built).toMatchObject({ isBuilt: true, builtFile: expect.stringContaining('idle') })
  expect(built.servers.map(({ title }) => title)).toEqual(['db1', 'idle'])
  await expect(store.declared('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({ code: 'record.missing' })
})

test('keys and passwords are made once, sealed, of one authority; what is wanted later is added to them, and dropped none is left', async () => {
  const store = storeWith(makeVault(key))
  expect(await store.hasKeys(id, wanted)).toBe(false)
  await store.makeKeys(id, wanted, options)
  const made = await store.secrets(id)
  expect(Object.keys(made).sort()).toEqual(['authority', 'certificate db1', 'key db1', 'rest', 'user app'])
  expect(isPair({ certificate: made['certificate db1']!, privateKey: made['key db1']! })).toBe(true)
  const more = {
    ...wanted,
    secrets: [...wanted.secrets, 'user report'],
    servers: [...wanted.servers, { name: 'db2', address: '10.0.0.2' }],
  }
  await store.makeKeys(id, more, options)
  expect(await store.secrets(id)).toMatchObject(made)
  expect(await store.hasKeys(id, more)).toBe(true)
  const stored = JSON.stringify(await query('select * from stack_secrets')) + JSON.stringify(await query('select * from authorities'))
  for (const name of ['rest', 'user app', 'key db1']) expect(stored).not.toContain(JSON.stringify(made[name]).slice(1, -1))
})

test('a rotation keeps its certificates beside those in use, for the same keys or new ones, until they are adopted or dropped', async () => {
  const store = storeWith(makeVault(key))
  const before = await store.secrets(id)
  await store.makeNextCertificates(id, { ...wanted, hasNewKeys: false, authority: 'keep' }, options)
  expect([await store.hasNextCertificates(id, ['db1']), await store.hasNextCertificates(id, ['db1', 'db2'])]).toEqual(['all', 'some'])
  const both = await store.secrets(id)
  expect(both).toMatchObject({ ...before, 'next authority': before.authority })
  expect(both['next key db1']).toBe(before['key db1'])
  expect(isPair({ certificate: both['next certificate db1']!, privateKey: both['next key db1']! })).toBe(true)
  await store.dropNextCertificates(id, options)
  expect(await store.secrets(id)).toEqual(before)
  await store.makeNextCertificates(id, { ...wanted, hasNewKeys: true, authority: 'keep' }, options)
  const next = await store.secrets(id)
  await store.adoptNextCertificates(id, options)
  expect(await store.secrets(id)).toEqual({ ...before, 'certificate db1': next['next certificate db1'], 'key db1': next['next key db1'] })
  expect(next['next key db1']).not.toBe(before['key db1'])
  expect(await store.hasNextCertificates(id, ['db1'])).toBe('none')
})

test('another authority is trusted beside the own one, then signs, then is the only one; nothing is signed by one that was not trusted before', async () => {
  const store = storeWith(makeVault(key))
  const own = (await store.secrets(id)).authority!
  const signerOf = (certificate: string, trusted: string) =>
    certificatesIn(trusted).findIndex((one) => new X509Certificate(certificate).verify(new X509Certificate(one).publicKey))
  const seen: unknown[] = []
  for (const authority of ['add', 'use', 'retire'] as const) {
    const { authority: trusted = '' } = await store.secrets(id)
    await store.makeNextCertificates(id, { ...wanted, hasNewKeys: false, authority }, options)
    const next = await store.secrets(id)
    expect((await store.authorities(id)).next).toBe(authority)
    expect(signerOf(next['next certificate db1']!, trusted)).toBeGreaterThanOrEqual(0)
    await store.adoptNextCertificates(id, options)
    const after = await store.secrets(id)
    expect(after.authority).toBe(next['next authority'])
    expect(signerOf(after['certificate db1']!, after.authority!)).toBe(0)
    seen.push([(await store.authorities(id)).state, certificatesIn(after.authority!).length, after.authority!.includes(own)])
  }
  expect(seen).toEqual([
    ['coming', 2, true],
    ['former', 2, true],
    ['one', 1, false],
  ])
  await expect(store.makeNextCertificates(id, { ...wanted, hasNewKeys: false, authority: 'use' }, options)).rejects.toThrow(
    'does not follow',
  )
  expect(await query(`select server from authorities where server ~ 'next|coming'`)).toEqual([])
})

test('sealed anew with another key of the vault, all of it opens with that one, and what a rotation has made as well', async () => {
  await storeWith(makeVault(key)).makeNextCertificates(id, { ...wanted, hasNewKeys: true, authority: 'add' }, options)
  const before = await storeWith(makeVault(key)).secrets(id)
  expect(sealedPlaces().map(({ name }) => name)).toEqual(expect.arrayContaining(['authorities.sealed_key', 'stack_secrets.sealed']))
  expect((await resealAll(makeVault(other, key))).lost).toEqual([])
  const store = storeWith(makeVault(other))
  expect(await store.secrets(id)).toEqual(before)
  await store.dropKeys(id, options)
  expect(await store.secrets(id)).toEqual({})
})
