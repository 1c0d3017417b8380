import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { systemActor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { getPool } from './pg/client'
import { previewDelete } from './records/records'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())

const template = '[databases]\norders = host={{host}} port={{ port }}\ncrm = host={{host:crm}} port={{port:crm}}\n; of {{herd}}\n'
const kept = '[databases]\norders = host={{host:orders}} port={{port:orders}}\ncrm = host={{host:crm}} port={{port:crm}}\n; of orders\n'
const one = async (sql: string, values: unknown[] = []) => (await getPool().query(sql, values)).rows[0]?.id as string

let herds: { orders: string; crm: string }
beforeEach(async () => {
  await getPool().query('truncate environments, servers, herds, poolers cascade')
  const environment = await one(`insert into environments (name) values ('prod') returning id`)
  const herd = (name: string) =>
    one(`insert into herds (environment_id, name, base_name, data_directory) values ($1, $2, $2, '/data') returning id`, [
      environment,
      name,
    ])
  herds = { orders: await herd('orders'), crm: await herd('crm') }
  const server = (name: string) =>
    one(`insert into servers (environment_id, hostname, address) values ($1, $2, $2) returning id`, [environment, name])
  await one('insert into poolers (herd_id, server_id, template) values ($1, $2, $3)', [herds.orders, await server('front'), template])
  await one('insert into poolers (herd_id, server_id) values ($1, $2)', [herds.orders, await server('own')])
})
const poolers = async () => (await getPool().query('select title, herds, template from poolers order by title')).rows

test('a template is linked with the herds that it names, and the herd it is registered with comes first', async () => {
  expect(await poolers()).toEqual([
    { title: 'pgbouncer on front', herds: ['orders', 'crm'], template },
    { title: 'pgbouncer on own', herds: ['orders'], template: null },
  ])
})

test('registered with another of its herds, its lines still point to the herd that they pointed to', async () => {
  await getPool().query('update poolers set herd_id = $1 where template is not null', [herds.crm])
  expect((await poolers())[0]).toEqual({ title: 'pgbouncer on front', herds: ['crm', 'orders'], template: kept })
})

test('a herd that is deleted takes the poolers along that serve no other; a shared one stays with the next of its herds', async () => {
  await getPool().query('delete from herds where id = $1', [herds.orders])
  expect(await poolers()).toEqual([{ title: 'pgbouncer on front', herds: ['crm'], template: kept }])
  await getPool().query('delete from herds where id = $1', [herds.crm])
  expect(await poolers()).toEqual([])
})

test('before a herd is deleted, only the poolers that serve no other are named', async () => {
  const { children } = await previewDelete(systemActor, resourceByName('herd')!, herds.orders)
  expect(children.map(({ noun, count, examples }) => [noun[0], count, examples.map(({ title }) => title)])).toEqual([
    ['pooler', 1, ['pgbouncer on own']],
  ])
})

test('herds that are deleted together take their pooler along', async () => {
  await getPool().query('delete from herds')
  expect(await poolers()).toEqual([])
})
