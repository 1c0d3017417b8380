import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import type { Setting, SettingKind, SettingsLook } from '@/lib/domain/settings/setting'
import type { Actor } from '@/lib/kernel/access/access'
import { settingQuery } from '@/lib/shapes/settings'
import { findSettings, oneSettingSql, settingNames, waitingSql } from './find'
import { readHerdSettings, readInstanceSettings } from './read'
import { saveSettings } from './save'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await query('truncate setting_catalogues cascade')
})

const kind = (name: string, more: Partial<SettingKind> = {}): SettingKind => ({
  name,
  category: 'Some / Thing',
  description: 'Does it.',
  context: 'sighup',
  type: 'integer',
  unit: 'MB',
  defaultValue: '1024',
  ...more,
})
const kinds = [
  kind('max_wal_size'),
  kind('autovacuum', { type: 'bool', unit: null, defaultValue: 'on' }),
  kind('port', { unit: null, defaultValue: '5432' }),
  kind('shared_buffers', { unit: '8kB', defaultValue: '16384' }),
]
const setting = (name: string, value: string, number: number | null, more: Partial<Setting> = {}): Setting => ({
  name,
  value,
  number,
  source: 'configuration file',
  file: '/etc/postgresql.conf',
  line: 7,
  isPendingRestart: false,
  pendingValue: null,
  ...more,
})
const MB = 1024 ** 2
const wal = (mb: number) => setting('max_wal_size', String(mb), mb * MB)
const look = (settings: Setting[], catalogue = 'one'): SettingsLook => ({
  catalogue,
  version: '18.1',
  loadedAt: '2026-03-01T12:00:00.000000Z',
  startedAt: '2026-03-01T11:00:00.000000Z',
  settings,
})
let asked = 0
const save = (name: string, settings: Setting[], catalogue = 'one') =>
  saveSettings(ids[name]!, look(settings, catalogue), async () => {
    asked += 1
    return kinds
  })
const who = (environmentId: string | null): Actor => ({
  kind: 'person',
  personId: null,
  name: 'ada',
  grants: [{ role: 'viewer', environmentId }],
})
const ada = who(null)
const stranger = who('00000000-0000-4000-8000-000000000009')
const now = { isNow: false }
const find = (actor: Actor, given: object) => findSettings(actor, settingQuery.parse(given))
const titles = async (given: object) => (await find(ada, given)).items.map(({ title }) => title.replace(/.*host-(.).*/i, '$1'))

test('a setting that nobody set has its default, and the catalogue of a version is asked for once', async () => {
  asked = 0
  await save('a', [wal(4096)])
  await save('b', [])
  expect(asked).toBe(1)
  const { settings, seenAt } = await readInstanceSettings(ada, ids.b!, now)
  expect(seenAt).not.toBeNull()
  expect(settings.find(({ name }) => name === 'max_wal_size')).toMatchObject({
    shown: '1GB',
    isDefault: true,
    source: 'default',
    defaultShown: '1GB',
  })
  expect((await readInstanceSettings(ada, ids.a!, now)).settings.find(({ name }) => name === 'max_wal_size')).toMatchObject({
    shown: '4GB',
    isDefault: false,
    file: '/etc/postgresql.conf',
    line: 7,
  })
})

test('the first look is no change; afterwards each value that is another one is kept with both, a default and one that waits for a restart too', async () => {
  await save('a', [wal(4096)])
  expect((await readInstanceSettings(ada, ids.a!, now)).changes).toEqual([])
  await save('a', [wal(4096)])
  await save('a', [wal(2048), setting('shared_buffers', '16384', 128 * MB, { isPendingRestart: true, pendingValue: '32768' })])
  await save('a', [])
  const { changes } = await readInstanceSettings(ada, ids.a!, now)
  expect(changes.map(({ name, oldShown, newShown, isPending }) => [name, oldShown, newShown, isPending])).toEqual([
    ['max_wal_size', '2GB', '1GB', false],
    ['max_wal_size', '4GB', '2GB', false],
    ['shared_buffers', '128MB', '256MB', true],
  ])
})

test('a look that saw what is known writes one row, and none of the settings', async () => {
  await save('a', [wal(4096)])
  const print = async () => (await query('select ctid::text, xmin::text, name from instance_settings')) as unknown
  const before = await print()
  const [{ seen_at: first }] = await query('select seen_at from setting_looks')
  await save('a', [wal(4096)])
  expect(await print()).toEqual(before)
  expect((await query('select seen_at from setting_looks'))[0].seen_at.getTime()).toBeGreaterThan(first.getTime())
})

test('members stand side by side, with what differs apart from what is bound to differ', async () => {
  await save('a', [wal(4096), setting('port', '5433', 5433), setting('autovacuum', 'off', null)])
  await save('b', [wal(2048), setting('autovacuum', 'off', null)])
  const { members, settings } = await readHerdSettings(ada, ids.herd!, now)
  expect(members.map(({ seenAt }) => seenAt !== null)).toEqual([true, true, false])
  expect(settings.map(({ name, group, values }) => [name, group, values.map((one) => one?.shown ?? null)])).toEqual([
    ['autovacuum', 'same', ['off', 'off', null]],
    ['max_wal_size', 'different', ['4GB', '2GB', null]],
    ['port', 'expected', ['5433', '5432', null]],
  ])
})

test('instances are found by a value in any unit, defaults among them, and what there is is counted', async () => {
  await save('a', [wal(4096)])
  await save('b', [])
  await save('c', [wal(2048)])
  expect(await titles({ name: 'max_wal_size', compare: 'not', value: '4GB' })).toEqual(['b', 'c'])
  expect(await titles({ name: 'MAX_WAL_SIZE', compare: 'is', value: '4194304kB' })).toEqual(['a'])
  expect(await titles({ name: 'max_wal_size', compare: 'more', value: '1GB' })).toEqual(['a', 'c'])
  expect(await titles({ name: 'max_wal_size', source: 'default' })).toEqual(['b'])
  expect(await titles({ name: 'autovacuum', compare: 'is', value: 'true' })).toEqual(['a', 'b', 'c'])
  expect(await titles({ name: 'max_wal_size', environment: 'PROD', per: 2, page: 2 })).toEqual(['c'])
  const { values, total } = await find(ada, { name: 'max_wal_size' })
  expect([total, values]).toEqual([
    3,
    [
      { shown: '1GB', count: 1 },
      { shown: '2GB', count: 1 },
      { shown: '4GB', count: 1 },
    ],
  ])
  expect((await find(ada, { name: 'no_such' })).setting).toBeNull()
  const fieldOf = (given: object) =>
    find(ada, given).then(
      () => 'answered',
      (error: { facts: { fields: { path: string }[] } }) => error.facts.fields[0]!.path,
    )
  expect(await fieldOf({ name: 'max_wal_size', value: 'much' })).toBe('value')
  expect(await fieldOf({ name: 'autovacuum', compare: 'more', value: 'on' })).toBe('compare')
  expect(await fieldOf({ name: 'max_wal_size', environment: 'nowhere' })).toBe('environment')
})

test('without a name, what waits for a restart anywhere', async () => {
  await save('a', [setting('shared_buffers', '16384', 128 * MB, { isPendingRestart: true, pendingValue: '32768' })])
  await save('b', [wal(4096)])
  expect((await find(ada, {})).items).toMatchObject([{ name: 'shared_buffers', shown: '128MB', pendingShown: '256MB' }])
})

test('nothing is told of environments that are not one’s own, not even the names of settings', async () => {
  await save('a', [wal(4096)])
  await expect(readInstanceSettings(stranger, ids.a!, now)).rejects.toMatchObject({ code: 'record.missing' })
  await expect(readHerdSettings(stranger, ids.herd!, now)).rejects.toMatchObject({ code: 'record.missing' })
  expect(await find(stranger, { name: 'max_wal_size' })).toMatchObject({ setting: null, items: [], total: 0 })
  expect(await settingNames(stranger)).toEqual([])
  expect(await settingNames(ada)).toContain('max_wal_size')
})

test('of 10,000 instances the question for one setting, and for what waits, goes by indexes', async () => {
  await save('a', [wal(4096)])
  await query(
    `with e as (select id from environments limit 1),
       s as (insert into servers (environment_id, hostname, address) select e.id, 'many-' || n, 'many-' || n || '.example' from e, generate_series(1, 10000) n returning id)
     insert into instances (herd_id, server_id, environment_id) select $1, s.id, e.id from s, e`,
    [ids.herd],
  )
  await query(
    `insert into setting_looks (instance_id, catalogue_id, digest, seen_at) select i.id, c.id, 'x', now() from instances i, setting_catalogues c on conflict do nothing`,
  )
  await query(
    `insert into setting_kinds select k.catalogue_id, 'setting_' || n, k.category, k.description, k.context, k.type, k.unit, k.default_value, k.default_number
       from setting_kinds k, generate_series(1, 350) n where k.name = 'max_wal_size'`,
  )
  await query(
    `insert into instance_settings (instance_id, name, value, number, source, file, line)
       select i.id, 'setting_' || n, '4096', 4096, 'configuration file', '/etc/postgresql/18/main/postgresql.conf', n from instances i, generate_series(1, 45) n`,
  )
  await query('analyze instance_settings, setting_looks, instances, setting_kinds')
  const plan = async (from: string, name: string) =>
    JSON.stringify(await query(`explain (analyze, format json) select i.id, s.value ${from}`, [name, null, null]))
  const one = await plan(oneSettingSql, 'setting_7')
  expect(one).toContain('instance_settings_name_idx')
  expect(one).not.toMatch(/Seq Scan[^}]*instance_settings/)
  expect(await plan(waitingSql, '')).toContain('instance_settings_pending_idx')
  const startedAt = performance.now()
  expect((await find(ada, { name: 'setting_7', compare: 'not', value: '4096' })).total).toBe(10_003)
  const ms = performance.now() - startedAt
  const [{ bytes, rows }] = await query(
    `select sum(pg_total_relation_size(t))::bigint as bytes, (select count(*) from instance_settings) as rows
     from unnest(array['instance_settings', 'setting_looks', 'setting_kinds']::regclass[]) t`,
  )
  console.log(`${rows} settings of 10,000 instances: ${(bytes / MB).toFixed(0)} MB; asked in ${ms.toFixed(0)} ms`)
})
