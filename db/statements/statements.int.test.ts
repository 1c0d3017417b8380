import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ids, openShop, query } from '@/e2e/harness/observed-shop'
import type { StatementSeen } from '@/lib/domain/statements/statement'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { tidy } from '../tidy'
import { readStatements } from './read'
import { saveStatements } from './save'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(openShop)

const seen = (
  queryId: string,
  calls: number,
  totalMs: number,
  text = `select ${queryId} from orders where note = 'said'`,
): StatementSeen => ({
  ...{ queryId, user: 'app', database: 'shop', text, calls, totalMs },
  ...{ rows: calls, blocksHit: 0, blocksRead: 0, ioMs: 0, tempBlocks: 0, walBytes: 0 },
})
const save = (resetAt: string, ...statements: StatementSeen[]) => saveStatements(ids.a!, { state: 'seen', resetAt, statements })
/** As if the sample that was just taken had been taken so long ago. */
const age = (minutes: number) =>
  query(`update statement_samples set at = at - $1 * interval '1 minute' where at = (select max(at) from statement_samples)`, [minutes])
const who = (role: Role, environmentId: string | null = null): Actor => ({
  ...{ kind: 'person', personId: null, name: 'ada', grants: [{ role, environmentId }] },
})
const dba = who('dba')
const asked = { from: '', to: '', order: 'totalMs', isNow: false } as const
const read = (more: Partial<Parameters<typeof readStatements>[2]> = {}, actor = dba) => readStatements(actor, ids.a!, { ...asked, ...more })
const led = async (more: Partial<Parameters<typeof readStatements>[2]> = {}) =>
  (await read(more)).statements.map(({ queryId, calls, totalMs, isAtMost }) => [queryId, calls, totalMs, isAtMost])

test('between two samples stands what was spent in between, by whatever leads; what is not known from before is said to be at most', async () => {
  await save('r', seen('-1', 10, 100), seen('2', 5, 50))
  await age(60)
  await save('r', seen('-1', 11, 1000), seen('2', 105, 60), seen('3', 7, 7))
  expect(await led()).toEqual([
    ['-1', 1, 900, false],
    ['2', 100, 10, false],
    ['3', 7, 7, true],
  ])
  expect((await led({ order: 'calls' })).map(([queryId]) => queryId)).toEqual(['2', '3', '-1'])
  expect((await led({ order: 'meanMs' }))[0]![0]).toBe('-1')
  expect(await led({ from: 'start' })).toContainEqual(['-1', 11, 1000, false])
  const { moments } = await read()
  expect(await led({ to: moments[1]! })).toEqual([
    ['-1', 10, 100, false],
    ['2', 5, 50, false],
  ])
  await expect(read({ from: '2020-01-01T00:00:00.000Z' })).rejects.toMatchObject({ facts: { fields: [{ path: 'from' }] } })
})

test('counters that began anew in between are told from where they count', async () => {
  await save('old', seen('1', 10, 100))
  await age(60)
  await save('new', seen('1', 12, 120))
  expect(await read()).toMatchObject({ from: null, resetAt: 'new', statements: [{ calls: 12, isAtMost: false }] })
})

test('whoever may not run SQL there sees no value of a statement, and who may not see the instance nothing of it', async () => {
  await save('r', seen('1', 1, 1))
  expect((await read()).statements[0]!.text).toContain("'said'")
  const viewer = await read({}, who('viewer'))
  expect(viewer).toMatchObject({ showsStatements: false, statements: [{ text: 'select ? from orders where note = ?' }] })
  await expect(read({}, who('admin', '00000000-0000-4000-8000-000000000009'))).rejects.toMatchObject({ code: 'record.missing' })
})

test('an instance without the extension says so, and keeps no sample', async () => {
  await saveStatements(ids.a!, { state: 'not-loaded', libraries: 'auto_explain' })
  expect(await read()).toMatchObject({ state: 'not-loaded', libraries: 'auto_explain', moments: [], statements: [] })
})

test('samples are thinned to four a day after two days and gone after two weeks, with the statements that lead no more', async () => {
  await query(
    `insert into statement_samples (instance_id, at, keys, figures)
     select $1, date_trunc('hour', now()) - n * interval '1 hour', '{}', '{}' from generate_series(0, 24 * 20 - 1) n`,
    [ids.a],
  )
  await save('r', seen('1', 1, 1))
  await query('update statement_keys set seen_on = current_date - 20')
  await tidy({ resultDays: 30 })
  const [{ count, oldest }] = await query(`select count(*)::int, extract(day from now() - min(at))::int as oldest from statement_samples`)
  expect(oldest).toBeLessThanOrEqual(14)
  expect(count).toBeGreaterThan(24 * 2 + 4 * 10)
  expect(count).toBeLessThan(24 * 3 + 4 * 13)
  expect(await query('select 1 from statement_keys')).toEqual([])
})

test('a look of the common size costs less than 2 kB', async () => {
  const many = Array.from({ length: 24 }, (_, n) => seen(String(n + 1), 1000 + n, 123.456 + n))
  for (let n = 0; n < 20; n += 1) await save('r', ...many)
  const [{ bytes }] = await query('select (sum(pg_column_size(s)) / count(*))::int as bytes from statement_samples s')
  console.log(`a sample of 24 statements: ${bytes} bytes; of 10,000 instances a day ${((bytes * 24 * 10_000) / 1024 ** 2).toFixed(0)} MB`)
  expect(bytes).toBeLessThan(2048)
})
