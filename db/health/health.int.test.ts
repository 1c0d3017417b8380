import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { primary, standby } from '@/e2e/harness/observed'
import { ids, openShop, query, see } from '@/e2e/harness/observed-shop'
import type { HealthFound, HealthLook } from '@/lib/domain/health/kind'
import { healthKinds } from '@/lib/domain/health/kinds'
import { hostMetrics } from '@/lib/domain/samples/metrics'
import type { Actor, Role } from '@/lib/kernel/access/access'
import { fleetFacts } from '../fleet/front-page'
import { criticalSql, readCriticalHealth } from '../fleet/front-page/health'
import { makePartitions } from '../samples/partitions'
import { dueKinds } from './due'
import { knownHealth } from './known'
import { readHealth } from './read'
import { saveHealth } from './save'

let database: TestDatabase
beforeAll(async () => {
  database = await startDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  await openShop()
  await see('a', primary())
  for (const name of ['b', 'c']) await see(name, standby('198.18.0.1'))
})

const who = (role: Role, environmentId: string | null = null): Actor => ({
  ...{ kind: 'person', personId: null, name: 'ada', grants: [{ role, environmentId }] },
})
const found = (object: string, value: number, more: Partial<HealthFound> = {}): HealthFound => ({
  ...{ database: '', object, value, atLeast: null, details: {} },
  ...more,
})
const looked = (kind: string, ...of: HealthFound[]): HealthLook => ({ kind, found: of, because: null, notApplicable: null })
const save = (name: string, ...looks: HealthLook[]) => saveHealth(ids[name]!, looks)
const read = async (kind: string, of: 'instance' | 'herd' = 'herd', id = ids.herd!, actor = who('dba')) =>
  (await readHealth(actor, { of, id }, { isNow: false })).checks.find((one) => one.kind === kind)!
const herdState = async () => (await query('select health from herd_list where id = $1', [ids.herd]))[0].health as string
/** As if everything had been looked at so many hours earlier. */
const age = async (hours: number) => {
  await query(`update health_looks set tried_at = tried_at - $1 * interval '1 hour', seen_at = seen_at - $1 * interval '1 hour'`, [hours])
  await query(`update health_findings set since = since - $1 * interval '1 hour', looked_at = looked_at - $1 * interval '1 hour'`, [hours])
  await query(
    `update herd_facts set health_critical_until = health_critical_until - $1 * interval '1 hour', health_warning_until = health_warning_until - $1 * interval '1 hour',
       health_unknown_from = health_unknown_from - $1 * interval '1 hour'`,
    [hours],
  )
}
/** Every member has said everything, and nothing is wrong. */
const allWell = async () => {
  for (const name of ['a', 'b', 'c']) {
    const kinds = await dueKinds(ids[name]!, { isNow: true })
    await save(name, ...kinds.map((kind) => looked(kind.name)))
  }
}

test('a finding keeps the moment from which it is, over looks, until a look finds it no more', async () => {
  await save('a', looked('slot', found('left', 2 * 1024 ** 3)))
  await age(5)
  await save('a', looked('slot', found('left', 30 * 1024 ** 3)))
  const [{ hours, severity }] = await query(
    `select round(extract(epoch from now() - since) / 3600)::int as hours, severity from health_findings where object = 'left'`,
  )
  expect([hours, severity]).toEqual([5, 'critical'])
  expect(await read('slot')).toMatchObject({ state: 'critical', findings: [{ object: 'left', shown: '30 GB', state: 'critical' }] })
  await save('a', looked('slot'))
  expect((await read('slot')).findings).toEqual([])
})

test('a look that did not see all takes nothing away, and says why; what nobody has looked at for long is unknown, never healthy', async () => {
  await allWell()
  expect(await read('slot')).toMatchObject({ state: 'healthy' })
  expect(await herdState()).toBe('healthy')
  await save('a', looked('slot', found('left', 30 * 1024 ** 3)))
  expect(await herdState()).toBe('critical')
  await save('a', { ...looked('slot'), because: 'The server did not answer in time.' })
  expect(await read('slot')).toMatchObject({
    state: 'critical',
    findings: [{ object: 'left' }],
  })
  expect((await read('slot')).looks.find(({ instanceId }) => instanceId === ids.a)).toMatchObject({
    because: expect.stringContaining('in time'),
  })
  await age(4)
  expect(await read('slot')).toMatchObject({ state: 'unknown', findings: [{ object: 'left', state: 'unknown', was: 'critical' }] })
  expect((await readHealth(who('dba'), { of: 'herd', id: ids.herd! }, { isNow: false })).state).toBe('unknown')
  expect(await herdState()).toBe('unknown')
})

test('a herd of which one member was never asked is unknown, and its findings show all the same', async () => {
  expect(await herdState()).toBe('unknown')
  await save('a', looked('slot'))
  expect(await herdState()).toBe('unknown')
  expect(await read('slot')).toMatchObject({ state: 'unknown' })
  expect(await read('slot', 'instance', ids.a)).toMatchObject({ state: 'healthy' })
  await save('a', looked('slot', found('left', 2 * 1024 ** 3)))
  expect(await herdState()).toBe('warning')
})

test('dead rows are a warning once they have been there for hours, and at once where they are too many', async () => {
  const dead = (value: number) => looked('autovacuum', found('public.orders', value, { database: 'shop' }))
  await save('a', dead(3))
  expect((await read('autovacuum')).findings).toMatchObject([{ state: 'watched', shown: '3 ×' }])
  await age(2)
  await save('a', dead(3))
  expect(await read('autovacuum')).toMatchObject({ state: 'warning' })
  await save('a', dead(12))
  expect(await read('autovacuum')).toMatchObject({ state: 'critical' })
})

test('an index is unused only where no member of the herd uses it', async () => {
  const unused = looked('unused-index', found('public.old', 10 ** 9, { database: 'shop' }))
  const everybody = async () => {
    for (const name of ['a', 'b', 'c']) await save(name, unused)
    await save('a', unused)
  }
  await everybody()
  await age(170)
  await everybody()
  expect((await read('unused-index', 'instance', ids.a)).findings).toMatchObject([{ state: 'warning' }])
  await save('c', looked('unused-index'))
  await save('a', unused)
  expect((await read('unused-index', 'instance', ids.a)).findings).toMatchObject([{ state: 'watched' }])
})

test('what every member answers alike is asked of one standby, what only the primary knows of it, and each kind in its own time', async () => {
  const due = async (name: string, isNow = false) => (await dueKinds(ids[name]!, { isNow })).map((kind) => kind.name)
  const [chosen, other] = [ids.b!, ids.c!].sort()
  const nameOf = (id: string) => (id === ids.b ? 'b' : 'c')
  const once = healthKinds.filter(({ asks }) => asks === 'once').map(({ name }) => name)
  expect(await due(nameOf(chosen!))).toEqual(expect.arrayContaining(once))
  for (const kind of once) for (const name of ['a', nameOf(other!)]) expect(await due(name)).not.toContain(kind)
  expect(await due('a')).toEqual(expect.arrayContaining(['autovacuum', 'backup', 'slot']))
  expect(await due(nameOf(chosen!))).not.toContain('autovacuum')
  await allWell()
  expect(await due('a')).toEqual([])
  await age(1)
  expect(await due('a')).toEqual(expect.arrayContaining(['slot', 'autovacuum']))
  expect(await due('a')).not.toContain('version-end')
  expect(await due('a', true)).toContain('version-end')
  // Without a standby the primary is asked.
  await query(`update instances set state = 'stopped' where role = 'standby'`)
  expect(await due('a')).toEqual(expect.arrayContaining(once))
  await save('a', looked('sequence', found('public.ids', 95)))
  expect((await read('sequence')).looks.map(({ instanceId }) => instanceId)).toEqual([ids.a])
})

test('an environment sets its own limits, leaves kinds out, and may want nothing looked at', async () => {
  await query(`update environments set health_limits = '{sequence 96 99,bloat off}' where id = $1`, [ids.environment])
  await save('a', looked('sequence', found('public.ids', 95)), looked('bloat', found('public.big', 99)))
  expect(await read('sequence')).toMatchObject({ findings: [], warning: 96, looks: [{ worst: '95 % (public.ids)' }] })
  expect(await read('bloat')).toMatchObject({ state: 'off', findings: [] })
  expect((await dueKinds(ids.b!, { isNow: true })).map(({ name }) => name)).not.toContain('bloat')
  await query('update environments set looks_at_health = false where id = $1', [ids.environment])
  expect(await dueKinds(ids.a!, { isNow: true })).toEqual([])
  expect((await readHealth(who('dba'), { of: 'herd', id: ids.herd! }, { isNow: false })).state).toBe('off')
})

test('the remedy is an operation for whom it may run, on the member where it helps', async () => {
  await save('b', looked('sequence', found('public.ids', 95, { database: 'shop', details: { isWidest: false, isColumnSmall: false } })))
  const remedyFor = async (role: Role) => (await read('sequence', 'instance', ids.b, who(role))).findings[0]!.remedy
  expect(await remedyFor('dba')).toMatchObject({
    statement: 'ALTER SEQUENCE public.ids AS bigint NO MAXVALUE; -- in "shop"',
    operation: {
      name: 'run-sql',
      targetId: ids.a,
      input: { sql: 'ALTER SEQUENCE public.ids AS bigint NO MAXVALUE', database: 'shop', write: 'true' },
    },
  })
  expect((await remedyFor('viewer')).operation).toBeNull()
})

test('who may not see the instance sees nothing of its health', async () => {
  const stranger = who('admin', '00000000-0000-4000-8000-000000000009')
  for (const [of, id] of [
    ['instance', ids.a!],
    ['herd', ids.herd!],
    ['herd', 'no-id'],
  ] as const)
    await expect(readHealth(stranger, { of, id }, { isNow: false })).rejects.toMatchObject({ code: 'record.missing' })
})

/** 100 GB, so much of it used so many minutes before `now`, which keeps samples as far apart as their host took them. */
const sampleDisk = async (now: Date, minutesAgo: number, used: number): Promise<void> => {
  const figures = hostMetrics.map(({ name }) => (name === 'diskUsed' ? used : name === 'disk' ? 100e9 : null))
  await query(`insert into samples_fresh (subject, at, figures) values ($1, $4::timestamptz - $2 * interval '1 minute', $3::real[])`, [
    ids['server-a'],
    minutesAgo,
    figures,
    now,
  ])
}

test('from its samples of the last hours a disk that fills is forecast, and one that has little room left is a finding though it does not fill', async () => {
  await makePartitions(new Date())
  expect((await knownHealth(ids.a!, ['disk']))[0]).toMatchObject({ because: 'No sample of its disk is there yet.' })
  // A gigabyte an hour, 49 GB free.
  const now = new Date()
  for (let minute = 45; minute >= 0; minute -= 1) await sampleDisk(now, minute, 51e9 - (minute / 60) * 1e9)
  const [look] = await knownHealth(ids.a!, ['disk'])
  // Two days and an hour.
  expect(look!.found[0]!.value).toBeCloseTo(49 / 24, 1)
  await save('a', look!)
  expect(await read('disk', 'instance', ids.a)).toMatchObject({
    state: 'critical',
    findings: [{ object: 'Host-a.example' }],
  })
  await query('truncate samples_fresh')
  for (let minute = 45; minute >= 0; minute -= 1) await sampleDisk(now, minute, 93e9)
  expect((await knownHealth(ids.a!, ['disk']))[0]!.found[0]).toMatchObject({ value: 3650, atLeast: 'warning' })
})

test('a disk that somebody has just filled is a finding with the next sample of its host', async () => {
  await query('truncate samples_fresh')
  const now = new Date()
  for (let minute = 10; minute >= 1; minute -= 1) await sampleDisk(now, minute, 30e9)
  await sampleDisk(now, 0, 99.9e9)
  expect((await knownHealth(ids.a!, ['disk']))[0]!.found[0]).toMatchObject({
    atLeast: 'critical',
    details: { freeBytes: expect.any(Number) },
  })
})

test('a member is as many minor versions behind as the newest of its major in the fleet says', async () => {
  await query(`update instances set version = '15.30' where id = $1`, [ids.c])
  const [end, minor] = await knownHealth(ids.a!, ['version-end', 'version-minor'])
  expect(end!.found[0]).toMatchObject({ object: 'PostgreSQL 15.18', details: { endsOn: '2027-11-11' } })
  expect(minor!.found[0]).toMatchObject({ value: 12, details: { latest: '15.30' } })
})

test('what is critical is told on the front page once for each check of a herd, to whom it concerns, until a look finds it no more', async () => {
  const told = (actor = who('viewer')) => readCriticalHealth(scopeOf(actor), 12)
  const scopeOf = ({ grants }: Actor) => (grants[0]!.environmentId === null ? null : [grants[0]!.environmentId])
  await save('a', looked('slot', found('left', 30 * 1024 ** 3), found('right', 40 * 1024 ** 3), found('small', 2 * 1024 ** 3)))
  await save('b', looked('slot', found('other', 50 * 1024 ** 3)))
  expect(await told()).toMatchObject([
    { id: ids.herd, name: 'shop', kind: 'slot', count: 3, object: expect.stringMatching(/left|right/), total: 1 },
  ])
  expect(await told(who('viewer', ids.a))).toEqual([])
  const facts = await fleetFacts(who('viewer'))
  expect(facts.health).toHaveLength(1)
  expect(facts.herds).toMatchObject([{ isHealthCritical: true }])
  await age(1_000)
  expect(await told()).toHaveLength(1)
  await query(`update environments set health_limits = '{slot off}'`)
  expect(await told()).toEqual([])
  await query(`update environments set health_limits = '{}', looks_at_health = false`)
  expect(await told()).toEqual([])
  await query('update environments set looks_at_health = true')
  await save('a', looked('slot'))
  await save('b', looked('slot', found('other', 2 * 1024 ** 3)))
  expect(await told()).toEqual([])
})

test('the front page reads what is critical by its own index, however many findings there are', async () => {
  await query(
    `insert into health_findings (instance_id, kind, database, object, severity, value, details, since, looked_at)
     select $1, 'bloat', 'shop', n::text, 'warning', 60, '{}', now(), now() from generate_series(1, 100000) n`,
    [ids.a],
  )
  await query('vacuum analyze health_findings')
  const plan = (await query(`explain ${criticalSql.replaceAll('$1', 'null')}`)).map((line) => line['QUERY PLAN']).join('\n')
  expect(plan).toContain('health_findings_critical_idx')
})
