import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { primary } from '@/e2e/harness/observed'
import { ids, openShop, query, see } from '@/e2e/harness/observed-shop'
import { saveHealth } from '../health/save'
import { restorableOf } from './restorable'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())

const neverTaken = 24 * 3650

test('the newest backup that the primary’s tool lists, how long WAL may wait, and since when it is not archived are what a restore is judged by; one that was never taken is none', async () => {
  await openShop()
  await see('a', primary())
  const lookAt = (hours: number) =>
    saveHealth(ids.a!, [
      {
        ...{ kind: 'backup', because: null, notApplicable: null },
        found: [{ database: '', object: 'pgBackRest', value: hours, atLeast: null, details: {} }],
      },
    ])
  expect(await restorableOf(ids.herd!)).toBeNull()
  await lookAt(neverTaken)
  expect(await restorableOf(ids.herd!)).toBeNull()
  await lookAt(3)
  await query(`update health_looks set seen_at = seen_at - interval '1 hour'`)
  await query(`update instances set size_bytes = 5000 where id = $1`, [ids.a])
  await query(`delete from setting_looks`)
  const seen = await restorableOf(ids.herd!)
  expect(seen).toMatchObject({ tool: 'pgBackRest', sizeBytes: 5000, archiveSeconds: null, failing: null })
  expect(Math.round(seen!.ageSeconds / 3600)).toBe(4)
  await query('insert into setting_looks (instance_id, seen_at) values ($1, now())', [ids.a])
  expect((await restorableOf(ids.herd!))?.archiveSeconds).toBe(0)
  await query(
    `insert into instance_settings (instance_id, name, value, number, source) values ($1, 'archive_timeout', '60', 60000, 'configuration file')`,
    [ids.a],
  )
  await query(
    `insert into health_findings (instance_id, kind, database, object, severity, value, details, since, looked_at)
      values ($1, 'archiver', '', 'archive', 'critical', 2, '{"lastArchivedAt": "2026-11-25T11:00:00+01:00"}', now(), now())`,
    [ids.a],
  )
  expect(await restorableOf(ids.herd!)).toMatchObject({ archiveSeconds: 60, failing: { since: '2026-11-25T10:00:00.000Z' } })
})
