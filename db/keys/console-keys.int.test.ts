import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { getPool } from '../pg/client'
import { addConsoleKey, consolePrivateKey, consolePublicKeys, ensureConsoleKeys } from './console-keys'

let database: TestDatabase
let dev: string
let prod: string
beforeAll(async () => {
  database = await startDatabase()
  const { rows } = await getPool().query("insert into environments (name) values ('dev'), ('prod') returning id")
  dev = rows[0].id
  prod = rows[1].id
})
afterAll(() => database.stop())
beforeEach(() => getPool().query('truncate console_keys'))

const vault = makeVault(randomBytes(32).toString('base64'))
const make = () => makeSshKey('matriarch')

test('workers that start together agree on one key for each environment, and no two environments share one', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => ensureConsoleKeys(vault, make)))
  const [first] = answers
  for (const keys of answers) expect([...keys]).toEqual([...first!])
  expect([...first!.keys()]).toEqual(['dev', 'prod'])
  expect(new Set(first!.values()).size).toBe(2)
  expect(await consolePublicKeys(prod)).toEqual({ current: first!.get('prod'), next: null })
})

test('an environment without a key is never served with another one’s: it gets its own', async () => {
  const other = make()
  await addConsoleKey(dev, vault, other)
  expect(await consolePublicKeys(prod)).toEqual({ current: null, next: null })
  const own = await consolePrivateKey(prod, vault, make)
  expect(own).not.toBe(other.privateKey)
  expect(await consolePrivateKey(prod, vault, make)).toBe(own)
  expect((await consolePublicKeys(prod)).current).not.toBe(other.publicKey)
  await expect(consolePrivateKey(crypto.randomUUID(), vault, make)).rejects.toMatchObject({ code: 'record.missing' })
})

test('the private half is not in the database as it is, and opens with the vault key alone', async () => {
  await addConsoleKey(dev, vault, make())
  const { rows } = await getPool().query('select sealed_private_key from console_keys')
  expect(rows[0].sealed_private_key).not.toContain('PRIVATE KEY')
  await expect(consolePrivateKey(dev, makeVault(randomBytes(32).toString('base64')), make)).rejects.toThrow('another vault key')
})

test('a sealed key that was moved to another environment does not open', async () => {
  await addConsoleKey(dev, vault, make())
  await getPool().query('update console_keys set environment_id = $1', [prod])
  await expect(consolePrivateKey(prod, vault, make)).rejects.toThrow()
})
