import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeInventory } from '@/db/fleet/inventory'
import { poolerAlarms } from '@/db/fleet/poolers'
import { getPool } from '@/db/pg/client'
import { listRecords } from '@/db/records/records'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { openPoolers, type PoolerStage } from '@/e2e/harness/twin/observed-poolers'
import { systemActor } from '@/lib/kernel/access/access'
import { emptyQuery } from '@/lib/kernel/resource/query'
import { resourceByName } from '@/lib/resources'

let database: TestDatabase
let stage: PoolerStage
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database?.stop())
beforeEach(async () => {
  stage = await openPoolers(['front'])
})

describe('a pooler that serves two herds', () => {
  const moveCrm = () => stage.movePrimary(['crm on c1', 'crm on c2'], stage.ids.crm.instances)
  const linked = `select h.name, l.follows, l.target, l.paused, l.is_named, l.because from pooler_herds l join herds h on h.id = l.herd_id
    order by l.is_named desc, 1`
  const links = async () => (await getPool().query(linked)).rows
  const shared = `[databases]\norders = host={{host}} port={{port}} dbname=orders\ncrm = host={{host:crm}} port={{port:crm}} dbname=crm\n\n[pgbouncer]\nlisten_port = 6432\npool_mode = transaction\n`
  const manageBoth = () => stage.manage(shared)

  test('is seen to serve the herd that a database points to, and no more once none does; its registration stays with the first', async () => {
    await stage.observe()
    await stage.observe()
    const rights = { follows: 'right', paused: 'no', because: null }
    expect(await links()).toMatchObject([
      { ...rights, name: 'orders', target: `${stage.addressOf('n1')}:5432`, is_named: true },
      { ...rights, name: 'crm', target: `${stage.addressOf('c1')}:5432`, is_named: false },
    ])
    expect(await stage.row()).toMatchObject({ herds: ['orders', 'crm'], herd_ids: [stage.ids.herd, stage.ids.crm.herd], follows: 'right' })
    expect((await stage.row()).seen.map(({ name, herdId }: { name: string; herdId: string }) => [name, herdId])).toEqual([
      ['orders', stage.ids.herd],
      ['crm', stage.ids.crm.herd],
    ])
    expect((await makeInventory().herdPoolers(stage.ids.crm.herd)).map(({ id }) => id)).toEqual([stage.ids.pooler])
    const query = { ...emptyQuery(), columns: ['herds'], filters: { herdId: [stage.ids.crm.herd] } }
    const { rows, facets } = await listRecords(systemActor, resourceByName('pooler')!, query, { facets: true })
    expect(rows).toHaveLength(1)
    expect(facets!.find(({ field }) => field === 'herdId')!.choices).toMatchObject([
      { label: 'crm', count: 1 },
      { label: 'orders', count: 1 },
    ])
    stage.pooler().databases.delete('crm')
    await stage.observe()
    expect(await stage.row()).toMatchObject({ herds: ['orders'], herd_ids: [stage.ids.herd] })
  })

  test('is pointed at the primary of the herd that moved, in the lines of that herd alone, also while a job changes the other one', async () => {
    await manageBoth()
    expect(await stage.row()).toMatchObject({ herds: ['orders', 'crm'] })
    await stage.lockOrders()
    await moveCrm()
    await stage.movePrimary()
    await stage.observe()
    expect(stage.pooler().file!.text).toContain(`crm = host=${stage.addressOf('c2')} port=5432`)
    expect(stage.pooler().file!.text).toContain(`orders = host=${stage.addressOf('n1')} port=5432`)
    expect(await links()).toMatchObject([
      { name: 'crm', follows: 'right', target: `${stage.addressOf('c2')}:5432` },
      { name: 'orders', follows: 'stale', target: `${stage.addressOf('n1')}:5432` },
    ])
    expect((await stage.row()).follows).toBe('stale')
  })

  test('that points one herd elsewhere, or pauses it, is reported for that herd alone', async () => {
    await stage.observe()
    await moveCrm()
    stage.pooler().databases.get('orders')!.isPaused = true
    await stage.observe()
    expect(await links()).toMatchObject([
      { name: 'orders', follows: 'right', paused: 'all' },
      { name: 'crm', follows: 'stale', paused: 'no', because: expect.stringContaining('it points to crm on c1') },
    ])
    expect(await stage.row()).toMatchObject({ paused: 'some', because: expect.stringMatching(/^crm: it points to crm on c1/) })
    const alarms = (herd: string) => poolerAlarms('herd', herd)
    expect(await alarms(stage.ids.herd)).toMatchObject([{ paused: 'all', follows: 'right' }])
    expect(await alarms(stage.ids.crm.herd)).toMatchObject([{ paused: 'no', follows: 'stale', target: `${stage.addressOf('c1')}:5432` }])
  })

  test('keeps its law when a herd is renamed, or goes to another environment: the template goes on naming it, or the two part', async () => {
    await manageBoth()
    await getPool().query(`update herds set name = 'sales' where id = $1`, [stage.ids.crm.herd])
    expect(await stage.row()).toMatchObject({ herds: ['orders', 'sales'], template: shared.replaceAll(':crm}}', ':sales}}') })
    expect((await stage.row()).search_text).toContain('sales')
    const { rows } = await getPool().query(`insert into environments (name) values ('dev') returning id`)
    await getPool().query('delete from instances where herd_id = $1', [stage.ids.crm.herd])
    await getPool().query('update herds set environment_id = $2 where id = $1', [stage.ids.crm.herd, rows[0].id])
    expect(await stage.row()).toMatchObject({ herds: ['orders'] })
    const link = () =>
      getPool().query('insert into pooler_herds (pooler_id, herd_id, is_named) values ($1, $2, false)', [
        stage.ids.pooler,
        stage.ids.crm.herd,
      ])
    await expect(link()).rejects.toThrow('a pooler serves herds of its own environment')
  })
})
