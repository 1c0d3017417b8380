import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { verifyAudit } from '@/db/trail/audit'
import { tellFolds, writeOften } from '@/db/trail/folds'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { ensureLocalAdmin } from './bootstrap'
import { enrol, hostTokenHash } from './hosts'
import { logIn } from './login'
import { noteRefused } from './refusals'
import { actorOfRequest } from './request'

let database: TestDatabase
beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  database = await startDatabase()
  await ensureLocalAdmin('admin', 'the first password')
})
afterAll(() => database?.stop())
beforeEach(() => getPool().query('delete from audit_folds'))

const from = '192.0.2.7'
let since = 0
const mark = async () => {
  since = Number((await getPool().query('select max(seq) as seq from audit')).rows[0].seq ?? 0)
}
beforeEach(mark)
const lines = async () =>
  (
    await getPool().query('select act, actor_name as who, title, from_address as "from", detail from audit where seq > $1 order by seq', [
      since,
    ])
  ).rows
const attempt = (userName: string, password: string) =>
  logIn({ userName, password, from, userAgent: null }, { directory: null, sessionHours: 1, refusalMs: 0 }).catch(
    (error: Fault) => error.code,
  )
const vera: Actor = { kind: 'person', personId: '7d3c8c2e-54c8-4b11-9d0c-0a6ee6a0f001', name: 'vera', grants: [], from }

test('failed and throttled logins are lines with name and address; of a name nobody has only its begin is kept, for it may be a password', async () => {
  await attempt('admin', 'wrong')
  await attempt('correct-horse-battery', 'x')
  for (let guess = 0; guess < 5; guess++) await attempt('admin', 'wrong')
  await getPool().query(`update login_attempts set blocked_until = now() + interval '1 hour'`)
  expect(await attempt('admin', 'wrong')).toBe('auth.throttled')
  const found = await lines()
  expect(found[0]).toMatchObject({ act: 'login.refused', who: 'admin', from, detail: { because: 'auth.rejected' } })
  expect(found[1]).toMatchObject({ act: 'login.refused', title: 'c… (unknown name of 21 characters)' })
  expect(found.at(-1)).toMatchObject({ act: 'login.throttled', title: 'admin', from })
  expect(JSON.stringify(found)).not.toContain('horse')
})

test('tokens, enrolment keys and host tokens that are none are lines with what is no secret of them, and throttled ones too', async () => {
  const secret = 'x'.repeat(36)
  const bearer = new Request('http://console.test/', {
    headers: { authorization: `Bearer mat_abcdefgh_${secret}`, 'x-forwarded-for': from },
  })
  for (let guess = 0; guess < 21; guess++) await actorOfRequest(bearer).catch(() => {})
  await enrol(`matenrol_bcdefghi_${secret}`, { hostname: 'h', addresses: [] } as never, from).catch(() => {})
  await hostTokenHash(`Bearer mathost_cdefghij_${secret}`, from).catch(() => {})
  const found = await lines()
  expect(found.map(({ act, title }) => [act, title])).toEqual([
    ...Array(3).fill(['token.refused', 'abcdefgh']),
    ['token.throttled', 'abcdefgh'],
    ['enrolment-key.refused', 'bcdefghi'],
    ['host-token.refused', 'cdefghij'],
  ])
  expect(JSON.stringify(found)).not.toContain(secret)
})

test('a permission that is missing and an approval that is refused are lines; other refusals leave none', async () => {
  await noteRefused(vera, new Fault('access.denied', { because: 'You do not have the permission herd.change.' }), 'PATCH /api/v1/herds/1')
  await noteRefused(vera, new Fault('plan.approval'), 'POST /api/v1/runs')
  await noteRefused(vera, new Fault('record.missing'), 'GET /api/v1/herds/1')
  await noteRefused(null, new Fault('auth.required'), 'GET /api/v1/herds')
  expect((await lines()).map(({ act, who, title, detail }) => [act, who, title, detail.code])).toEqual([
    ['access.refused', 'vera', 'PATCH /api/v1/herds/1', 'access.denied'],
    ['access.refused', 'vera', 'POST /api/v1/runs', 'plan.approval'],
  ])
})

test('a flood of one kind is three lines and a number, one of many kinds is bounded as well, and neither hides what a person does', async () => {
  const denied = new Fault('access.denied')
  for (let index = 0; index < 50; index++) await noteRefused(vera, denied, 'GET /api/v1/people')
  expect(await lines()).toHaveLength(3)
  for (let index = 0; index < 80; index++) await noteRefused(null, denied, `POST /x/${index}`, undefined, from)
  await Promise.all(Array.from({ length: 300 }, (_, index) => noteRefused(null, denied, `POST /y/${index}`, undefined, from)))
  const many = await lines()
  expect(many.length).toBeGreaterThan(60)
  expect(many.length).toBeLessThan(80)
  await writeOften(
    { ...vera, personId: '7d3c8c2e-54c8-4b11-9d0c-0a6ee6a0f002', name: 'dana' },
    { act: 'access.refused', title: 'mine' },
    'mine',
  )
  expect((await lines()).at(-1)).toMatchObject({ who: 'dana', title: 'mine' })
  expect(await tellFolds()).toBe(0)
  await getPool().query(`update audit_folds set since = since - interval '2 hours'`)
  await tellFolds()
  const told = (await lines()).slice(many.length + 1)
  expect(told.find(({ who }) => who === 'vera')).toMatchObject({ title: 'GET /api/v1/people', detail: { code: 'access.denied', more: 47 } })
  const counted = told.reduce((sum, { detail }) => sum + detail.more, 0)
  expect(many.length + counted).toBe(50 + 80 + 300)
  expect((await getPool().query('select count(*)::int as n from audit_folds')).rows).toEqual([{ n: 0 }])
  expect(await verifyAudit()).toMatchObject({ ok: true })
})
