import { scryptSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { fleetFacts } from '@/db/fleet/front-page'
import { forget } from '@/db/pg/cached'
import { getPool } from '@/db/pg/client'
import { countAttempt } from '@/db/runs/attempts'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { startDirectory, type TestDirectory } from '@/e2e/harness/daemons/directory'
import { directoryOf } from '@/e2e/harness/daemons/directory-port'
import { until } from '@/e2e/harness/hold'
import type { Actor, Role } from '@/lib/kernel/access/access'
import type { Directory } from '@/lib/ports/directory'
import { ensureLocalAdmin } from './bootstrap'
import { logIn } from './login'
import { hashPassword } from './password'

let database: TestDatabase
let slapd: TestDirectory
let directory: Directory
let refusalMs = 0

const right = 'the first password'
/** What is counted does not depend on how dear a guess is; where the time of one matters it has the true price. */
const cheap = (() => {
  const salt = Buffer.from('0123456789abcdef')
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=4,r=8,p=1$${text(salt)}$${text(scryptSync(right, salt, 32, { N: 2 ** 4, r: 8, p: 1 }))}`
})()
const attempt = (userName: unknown, password: unknown, from = '192.0.2.1', device?: string) =>
  logIn({ userName, password, from, userAgent: 'test', device }, { directory, sessionHours: 12, refusalMs })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )
const waitIsOver = () => getPool().query("update login_attempts set blocked_until = now() - interval '1 second'")
const keys = async () =>
  (await getPool().query('select key from login_attempts where failures > 0 order by key')).rows.map(({ key }) => key)

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  ;[database, slapd] = await Promise.all([startDatabase(), startDirectory()])
  directory = directoryOf(slapd)
  await ensureLocalAdmin('admin', right)
})
beforeEach(async () => {
  refusalMs = 0
  await getPool().query('delete from login_attempts')
  await getPool().query("update people set password_hash = $1 where user_name = 'admin'", [cheap])
})
afterAll(async () => {
  await Promise.all([database.stop(), slapd.stop()])
})

test('guessing a name from one address is slowed: after five failures even the right password waits, and it says how long', async () => {
  for (let guess = 0; guess < 5; guess++) expect(await codeOf(attempt('admin', `guess ${guess}`))).toBe('auth.rejected')
  await expect(attempt('admin', right)).rejects.toMatchObject({
    code: 'auth.throttled',
    facts: { retryAfterSeconds: expect.any(Number) },
  })
  await waitIsOver()
  expect(await attempt('admin', right)).toMatchObject({ userName: 'admin' })
  expect((await keys()).filter((key) => key.startsWith('pair:'))).toEqual([])
})

test('guessing is slowed by address, whatever the names, and an IPv6 network is one address', async () => {
  for (let guess = 0; guess < 30; guess++) expect(await codeOf(attempt(`name${guess}`, 'x', '198.51.100.1'))).toBe('auth.rejected')
  expect(await codeOf(attempt('admin', right, '198.51.100.1'))).toBe('auth.throttled')
  expect(await codeOf(attempt('admin', right, '198.51.100.2'))).toBe('no fault')
  for (let guess = 0; guess < 30; guess++) expect(await codeOf(attempt(`name${guess}`, 'x', `2001:db8::${guess}`))).toBe('auth.rejected')
  expect(await codeOf(attempt('admin', right, '2001:db8::ffff'))).toBe('auth.throttled')
  expect(await codeOf(attempt('admin', right, '2001:db8:0:1::1'))).toBe('no fault')
})

test('a burst of guesses at once is counted like guesses in a row', async () => {
  const codes = await Promise.all(Array.from({ length: 12 }, (_, n) => codeOf(attempt('admin', `guess ${n}`))))
  expect(codes.filter((code) => code === 'auth.rejected')).toHaveLength(5)
  expect(codes.filter((code) => code === 'auth.throttled')).toHaveLength(7)
})

test('nobody can lock the break-glass account out: many addresses that guess leave every other address its first try', async () => {
  const guesses = Array.from({ length: 20 }, (_, n) => `203.0.113.${n}`)
  for (const from of guesses) expect(await codeOf(attempt('admin', 'wrong', from))).toBe('auth.rejected')
  expect(await codeOf(attempt('admin', 'wrong', '203.0.113.100'))).toBe('auth.rejected')
  expect(await codeOf(attempt('admin', right, '203.0.113.100')), 'one free guess is left to an address, not five').toBe('auth.throttled')
  expect(await codeOf(attempt('admin', right, '192.0.2.77'))).toBe('no fault')
})

test('a browser in which one signed in before is let through at the very address that guesses, and has its own count', async () => {
  const { device } = await attempt('admin', right)
  const other = await attempt('dana', 'dana-password')
  for (let guess = 0; guess < 5; guess++) await codeOf(attempt('admin', 'wrong'))
  expect(await codeOf(attempt('admin', right)), 'without the cookie it waits').toBe('auth.throttled')
  expect(await codeOf(attempt('admin', right, '192.0.2.1', other.device)), 'the cookie of somebody else helps nobody').toBe(
    'auth.throttled',
  )
  expect(await codeOf(attempt('admin', right, '192.0.2.1', device))).toBe('no fault')
  for (let guess = 0; guess < 10; guess++)
    expect(await codeOf(attempt('admin', 'wrong', `198.51.100.${guess}`, device))).toBe('auth.rejected')
  expect(await codeOf(attempt('admin', right, '198.51.100.99', device)), 'a stolen cookie is no way round the limit').toBe('auth.throttled')
  expect(await codeOf(attempt('admin', right, '198.51.100.99'))).toBe('no fault')
})

test('nothing malformed resets, moves or escapes a count', async () => {
  const guess = (n: number) => codeOf(attempt('dana', `guess ${n}`))
  for (let n = 0; n < 4; n++) expect(await guess(n)).toBe('auth.rejected')
  for (const [name, password] of [
    ['dana', 1],
    ['dana', { a: 1 }],
    ['dana', ['x']],
    ['dana', true],
    ['dana', null],
    ['dana', undefined],
    ['dana', ''],
    ['dana', 'x'.repeat(257)],
    ['dana', 'x'.repeat(5_000_000)],
    [1, 'x'],
    [{ toString: 1 }, 'x'],
    ['dana\u0000', 'x'],
    ['da\u00adna', 'dana-password'],
  ])
    expect(await codeOf(attempt(name, password)), JSON.stringify([name, String(password).slice(0, 20)])).toBe('auth.rejected')
  expect(await guess(5)).toBe('auth.rejected')
  expect(await codeOf(attempt('dana', 'dana-password')), 'five wrong guesses, whatever came between').toBe('auth.throttled')
})

test('a second spelling of a name is the same name to the count', async () => {
  for (const name of ['dana', 'DANA', 'ｄａｎａ', ' dana', 'Dana ']) expect(await codeOf(attempt(name, 'wrong'))).toBe('auth.rejected')
  expect(await codeOf(attempt('dana', 'dana-password'))).toBe('auth.throttled')
  expect((await keys()).filter((key) => key.startsWith('name:'))).toEqual(['name:dana'])
})

test('names that were never tried, because their address waits, leave nothing behind', async () => {
  for (let guess = 0; guess < 30; guess++) await codeOf(attempt(`name${guess}`, 'x'))
  const before = (await keys()).length
  for (let guess = 0; guess < 20; guess++) expect(await codeOf(attempt(`flood${guess}`, 'x'))).toBe('auth.throttled')
  expect((await getPool().query("select count(*)::int as n from login_attempts where key like '%flood%'")).rows).toEqual([{ n: 0 }])
  expect((await keys()).length).toBe(before)
})

test('a directory that is down takes back its own attempt and no other', async () => {
  for (let n = 0; n < 4; n++) await codeOf(attempt('dana', `guess ${n}`))
  await slapd.kill()
  for (let again = 0; again < 7; again++) expect(await codeOf(attempt('dana', 'dana-password'))).toBe('auth.directory-down')
  await slapd.start()
  expect(await codeOf(attempt('dana', 'guess 5'))).toBe('auth.rejected')
  expect(await codeOf(attempt('dana', 'dana-password'))).toBe('auth.throttled')
})

test('the time of a refusal tells no name from another: local, local without a password, of the directory, of nobody', async () => {
  await getPool().query("insert into people (user_name, source) values ('empty', 'local') on conflict do nothing")
  refusalMs = 1_200
  await getPool().query("update people set password_hash = $1 where user_name = 'admin'", [await hashPassword(right)])
  const took = async (name: string, password: string) => {
    const startedAt = performance.now()
    expect(await codeOf(attempt(name, password))).toBe('auth.rejected')
    return performance.now() - startedAt
  }
  for (const name of ['admin', 'empty', 'dana', 'nobody']) {
    const ms = await took(name, 'a wrong password')
    // A timer may fire a fraction of a millisecond early.
    const steps = Math.round(ms / refusalMs)
    expect(Math.abs(ms - steps * refusalMs), `${name}: ${ms} ms`).toBeLessThan(300)
    expect(steps).toBeGreaterThanOrEqual(1)
  }
})

test('a count of its own is kept for each kind of secret', async () => {
  const limit = { key: 'token:192.0.2.1', free: 1, waitSecondsMax: 300 }
  await countAttempt([limit])
  expect(await codeOf(countAttempt([limit]))).toBe('auth.throttled')
  expect(await codeOf(attempt('admin', right))).toBe('no fault')
})

test('a try that waits for a success of the same name at the same moment is counted after it, not a failure of the console', async () => {
  const limit = { key: 'name:race', free: 5, waitSecondsMax: 300 }
  await countAttempt([limit])
  const success = await getPool().connect()
  try {
    await success.query('begin')
    await success.query('select from login_attempts where key = $1 for update', [limit.key])
    const counted = countAttempt([limit])
    await until(
      'the try to wait',
      async () =>
        (await getPool().query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")).rowCount,
    )
    await success.query('delete from login_attempts where key = $1', [limit.key])
    await success.query('commit')
    await counted
  } finally {
    success.release()
  }
  expect((await getPool().query('select failures from login_attempts where key = $1', [limit.key])).rows).toEqual([{ failures: 1 }])
})

test('guessing raises an alarm for administrators of everything alone, which names an account that exists and never what was typed in its place, and ends with the guessing', async () => {
  const seen = async (role: Role, environmentId: string | null = null) => {
    forget('fleet')
    const actor: Actor = { kind: 'person', personId: null, name: 'x', grants: [{ role, environmentId }] }
    return (await fleetFacts(actor)).guessing.map(({ guessed, of, times }) => `${guessed} ${of} ${times}`).sort()
  }
  for (let guess = 0; guess < 19; guess++) await codeOf(attempt('admin', 'x', `192.0.2.${guess}`))
  expect(await seen('admin')).toEqual([])
  await codeOf(attempt('admin', 'x', '192.0.2.19'))
  for (let guess = 0; guess < 25; guess++) await codeOf(attempt('hunter2 is my password', 'x', `203.0.113.${guess}`))
  for (let guess = 0; guess < 30; guess++) await codeOf(attempt(`name${guess}`, 'x', '198.51.100.1'))
  const { rows } = await getPool().query("select id from people where user_name = 'admin'")
  for (let guess = 0; guess < 5; guess++) await countAttempt([{ key: `factor:${rows[0].id}`, free: 5, waitSecondsMax: 300 }])
  expect(await seen('admin')).toEqual(['account admin 20', 'factor admin 5', 'network 198.51.100.1 30'])
  expect(await seen('dba')).toEqual([])
  expect(await seen('admin', rows[0].id)).toEqual([])
  await waitIsOver()
  await getPool().query("update login_attempts set first_at = now() - interval '16 minutes'")
  expect(await seen('admin')).toEqual([])
})
