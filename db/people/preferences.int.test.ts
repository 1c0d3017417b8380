import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { Actor } from '@/lib/kernel/access/access'
import { badgedEnvironments } from '../fleet/environment-badges'
import { forget } from '../pg/cached'
import { getPool } from '../pg/client'
import { readPreferences, writePreferences } from './preferences'

let database: TestDatabase

beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

test('a choice on one list leaves the other lists and the density as they were, and a token remembers nothing', async () => {
  const { rows } = await getPool().query(`insert into people (user_name) values ('ada') returning id`)
  const { id } = rows[0]
  await writePreferences(id, { density: 'roomy' })
  await writePreferences(id, { lists: { herd: { columns: ['name', 'port'] } } })
  await writePreferences(id, { lists: { server: { columns: null } } })
  expect(await readPreferences(id)).toEqual({ density: 'roomy', lists: { herd: { columns: ['name', 'port'] }, server: { columns: null } } })
  await writePreferences(null, { density: 'dense' })
  expect(await readPreferences(null)).toEqual({})
})

test('the names and colours of environments reach only who may see them, in the order of the console', async () => {
  const add = async (name: string, position: number) =>
    (await getPool().query('insert into environments (name, colour, position) values ($1, $2, $3) returning id', [name, 'red', position]))
      .rows[0].id
  const [prod, dev] = [await add('prod', 2), await add('dev', 1)]
  forget('environment')
  const actor = (environmentId: string | null): Actor => ({
    kind: 'person',
    personId: null,
    name: 'a',
    grants: [{ role: 'viewer', environmentId }],
  })
  expect(Object.values(await badgedEnvironments(actor(null))).map(({ name }) => name)).toEqual(['dev', 'prod'])
  expect(Object.keys(await badgedEnvironments(actor(prod)))).toEqual([prod])
  expect(await badgedEnvironments({ ...actor(null), grants: [] })).toEqual({})
  expect((await badgedEnvironments(actor(dev)))[dev]).toEqual({ id: dev, name: 'dev', colour: 'red', protection: 'confirm' })
})
