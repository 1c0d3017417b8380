import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { migrate } from '../migrate'
import { environments, herds, instances, servers } from '../schema'
import { getDb, getPool, inTransaction, listen, notify } from './client'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

const once = () => {
  const waiting: ((payload: string) => void)[] = []
  const seen: string[] = []
  return {
    handler: (payload: string) => {
      const next = waiting.shift()
      if (next) next(payload)
      else seen.push(payload)
    },
    next: () => (seen.length > 0 ? Promise.resolve(seen.shift()!) : new Promise<string>((resolve) => waiting.push(resolve))),
  }
}

test('migrating twice at once changes nothing and fails nobody', async () => {
  await Promise.all([migrate(database.connectionString), migrate(database.connectionString)])
})

test('a notification arrives only when its transaction commits', async () => {
  const heard = once()
  await listen('records', heard.handler)
  await expect(
    inTransaction(async (tx) => {
      await notify(tx, 'records', 'rolled back')
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  await inTransaction((tx) => notify(tx, 'records', 'committed'))
  expect(await heard.next()).toBe('committed')
})

test('a listener whose connection was killed is told to read again and hears what follows', async () => {
  const heard = once()
  await listen('runs', heard.handler)
  await getPool().query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'matriarch listen'")
  expect(await heard.next()).toBe('')
  await notify(getDb(), 'runs', 'after')
  expect(await heard.next()).toBe('after')
})

test('an instance follows the names and ports of its herd and its server, and holds them in one environment', async () => {
  const db = getDb()
  const [dev, prod] = await db
    .insert(environments)
    .values([{ name: 'dev' }, { name: 'prod' }])
    .returning()
  const [host] = await db.insert(servers).values({ environmentId: dev!.id, hostname: 'alpha', address: '10.0.0.1' }).returning()
  const [herd] = await db
    .insert(herds)
    .values({ environmentId: dev!.id, name: 'shop', baseName: 'main', dataDirectory: '/data' })
    .returning()
  const [added] = await db.insert(instances).values({ herdId: herd!.id, serverId: host!.id }).returning()
  expect(added).toMatchObject({ title: 'shop on alpha', environmentId: dev!.id, port: 5432, dataDirectory: '/data' })

  await db.execute(`update herds set name = 'Store', port = 6000`)
  await db.execute(`update servers set hostname = 'beta'`)
  const [now] = await db.select().from(instances)
  expect(now).toMatchObject({ title: 'Store on beta', environmentId: dev!.id, port: 6000, searchText: 'store main beta 10.0.0.1' })
  for (const table of ['herds', 'servers'])
    await expect(getPool().query(`update ${table} set environment_id = $1`, [prod!.id])).rejects.toThrow('instances_server_fk')
})

test('the audit log refuses to be changed, deleted or emptied', async () => {
  const pool = getPool()
  await pool.query(
    "insert into audit (seq, at, actor_name, actor_kind, act, previous_hash, hash) values (1, now(), 'x', 'system', 'x', '', '')",
  )
  for (const statement of ["update audit set act = 'y'", 'delete from audit', 'truncate audit'])
    await expect(pool.query(statement)).rejects.toThrow('append-only')
})
