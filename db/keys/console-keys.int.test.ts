import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { makeSshKey, makeVault } from '@/lib/adapters/vault'
import { getPool } from '../pg/client'
import { addConsoleKey, consolePrivateKey, consolePublicKey, ensureConsoleKey } from './console-keys'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(() => getPool().query('truncate console_keys'))

const vault = makeVault(randomBytes(32).toString('base64'))
const environmentId = '11111111-1111-4111-8111-111111111111'
const make = () => makeSshKey('matriarch')

test('workers that start together agree on one default key', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => ensureConsoleKey(vault, make)))
  expect(new Set(keys).size).toBe(1)
  expect(await consolePublicKey(null)).toBe(keys[0])
})

test('an environment uses its own key when it has one, else the default', async () => {
  const fallback = await ensureConsoleKey(vault, make)
  expect(await consolePublicKey(environmentId)).toBe(fallback)
  const own = make()
  await addConsoleKey(environmentId, vault, own)
  expect(await consolePublicKey(environmentId)).toBe(own.publicKey)
  expect(await consolePrivateKey(environmentId, vault, make)).toBe(own.privateKey)
  expect(await consolePublicKey(null)).toBe(fallback)
})

test('the private half is not in the database as it is, and opens with the vault key alone', async () => {
  const key = make()
  await addConsoleKey(null, vault, key)
  const { rows } = await getPool().query('select sealed_private_key from console_keys')
  expect(rows[0].sealed_private_key).not.toContain('PRIVATE KEY')
  await expect(consolePrivateKey(null, makeVault(randomBytes(32).toString('base64')), make)).rejects.toThrow('another vault key')
})

test('a sealed key that was moved to another environment does not open', async () => {
  await addConsoleKey(environmentId, vault, make())
  await getPool().query('update console_keys set environment_id = null')
  await expect(consolePrivateKey(null, vault, make)).rejects.toThrow()
})
