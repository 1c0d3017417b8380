import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { getPool } from '../pg/client'
import { makeInventoryAct } from './herd-members'

let database: TestDatabase
const act = makeInventoryAct()
const options = { timeoutMs: 5_000 }
const ids: Record<string, string> = {}
const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows

beforeAll(async () => {
  database = await startDatabase()
  const [environment] = await query(`insert into environments (name) values ('prod') returning id`)
  const [herd] = await query(
    `insert into herds (environment_id, name, base_name, port, data_directory) values ($1, 'Shop', 'shop', 5433, '/data/shop') returning id`,
    [environment.id],
  )
  const [server] = await query(`insert into servers (environment_id, hostname, address) values ($1, 'a', 'a') returning id`, [
    environment.id,
  ])
  const [run] = await query(
    `insert into runs (operation, resource, title, actor_name, policy, digest) values ('create', 'server', '', 'ada', '{}', '') returning id`,
  )
  const [job] = await query(
    `insert into jobs (run_id, operation, resource, target_id, title, digest) values ($1, 'create', 'server', $2, '', '') returning id`,
    [run.id, server.id],
  )
  Object.assign(ids, { environment: environment.id, herd: herd.id, server: server.id, job: job.id })
}, 120_000)
afterAll(() => database.stop())

const member = { id: '6f1c2a00-0000-8000-8000-000000000001', port: 5433, dataDirectory: '/data/other' }
const history = () => query('select act, actor_name, title from changes where object_id = $1 order by at', [member.id])

test('a member is registered once, under the name of who asked, with what is its own and not what is the herd’s; and removed again', async () => {
  const whole = { ...member, herdId: ids.herd!, serverId: ids.server!, jobId: ids.job! }
  await act.register(whole, options)
  await act.register(whole, options)
  expect(await query('select title, port, port_override, data_directory, data_directory_override from instances')).toEqual([
    { title: 'Shop on a', port: 5433, port_override: null, data_directory: '/data/other', data_directory_override: '/data/other' },
  ])
  expect(await history()).toEqual([{ act: 'add', actor_name: 'ada', title: 'Shop on a' }])
  await act.unregister(member.id, options)
  await act.unregister(member.id, options)
  expect(await query('select id from instances')).toEqual([])
  expect((await history()).map((one) => one.act)).toEqual(['add', 'delete'])
})
