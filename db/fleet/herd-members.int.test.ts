import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { getPool } from '../pg/client'
import { deriveFacts } from './derive'
import { makeInventoryAct, readStanding } from './herd-members'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
}, 120_000)
afterAll(() => database.stop())

const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
const ids: Record<string, string> = {}
const options = { timeoutMs: 5_000 }
const act = makeInventoryAct()

beforeEach(async () => {
  await query('truncate environments cascade')
  await query(`insert into environments (name) values ('prod')`)
  const [herd] = await query(
    `insert into herds (environment_id, name, base_name, data_directory, preferred_site) select id, 'shop', 'shop', '/data', 'fra' from environments returning id`,
  )
  ids.herd = herd.id
  for (const host of ['a', 'b']) {
    await query(`insert into servers (environment_id, hostname, address, site) select id, $1, $1, 'ams' from environments`, [host])
    const [row] = await query(
      `insert into instances (herd_id, server_id, role, state, timeline, current_lsn, received_lsn, observed_at)
       select $1, id, case when hostname = 'a' then 'primary' else 'standby' end, 'online', 1, '0/5000000', '0/4000000', now() from servers where hostname = $2 returning id`,
      [herd.id, host],
    )
    ids[host] = row.id
  }
})
const replaced = async () =>
  Object.fromEntries((await readStanding(ids.herd!)).members.map(({ id, replaced }) => [id === ids.a ? 'a' : 'b', replaced]))

test('a herd’s standing tells site, priority and the furthest position of each role', async () => {
  const standing = await readStanding(ids.herd!)
  expect(standing).toMatchObject({ name: 'shop', preferredSite: 'fra', environmentName: 'prod' })
  expect(standing.members).toMatchObject([
    { site: 'ams', failoverPriority: 100, lastRole: 'primary', lastLsn: '0/5000000', isUnreachable: false, replaced: null },
    { lastRole: 'standby', lastLsn: '0/4000000', replaced: null },
  ])
})

test('a replaced primary stays replaced until it is seen as a standby on the new timeline, or as primary on a later one', async () => {
  const by = { byId: ids.b!, timeline: 2, because: 'shop on b was promoted in its place.' }
  const isRecorded = async (change: string) => {
    await act.replace(ids.a!, by, options)
    await query(`update instances set ${change} where id = $1`, [ids.a])
    await deriveFacts(getPool(), [ids.herd!])
    return (await replaced()).a !== null
  }
  expect(await isRecorded(`role = 'primary', state = 'online', timeline = 1`)).toBe(true)
  expect(await isRecorded(`role = 'standby', state = 'stopped', timeline = 2`)).toBe(true)
  expect(await isRecorded(`role = 'standby', state = 'online', timeline = 1`)).toBe(true)
  expect(await isRecorded(`role = 'standby', state = 'online', timeline = 2`)).toBe(false)
  expect(await isRecorded(`role = 'primary', state = 'online', timeline = 3`)).toBe(false)
})
