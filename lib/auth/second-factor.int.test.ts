import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { listFactors, removeFactor, resetFactors } from '@/db/people/factors'
import { livePerson } from '@/db/people/sessions'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { Actor } from '@/lib/kernel/access/access'
import { ensureLocalAdmin } from './bootstrap'
import { finishLogin, logIn, type SecondFactorNeeded } from './login'
import { proveAgain } from './prove'
import { beginAuthenticator, confirmAuthenticator, renewRecoveryCodes } from './second-factor'
import { codeAt } from './totp'

const password = 'the first password'
const ways = { directory: null, sessionHours: 12, refusalMs: 0 }
const visit = { from: '192.0.2.1', userAgent: null }
let database: TestDatabase

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.MATRIARCH_URL = 'http://console.test'
  database = await startDatabase()
  await ensureLocalAdmin('admin', password)
  await ensureLocalAdmin('other', password)
})
afterAll(() => database.stop())
beforeEach(async () => {
  // In the middle of a half minute, where it stays: a code of the one before would otherwise end while it is being typed.
  vi.useFakeTimers({ toFake: ['Date'], now: (Math.floor(Date.now() / 30_000) + 0.5) * 30_000 })
  await getPool().query('truncate second_factors, recovery_codes, half_logins, sessions, login_attempts')
})

afterEach(() => {
  vi.useRealTimers()
})

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code ?? error.constructor.name,
  )
const actorOf = async (sessionId: string, personId: string, name = 'admin'): Promise<Actor> => {
  const { grants, isProofStale } = (await livePerson(sessionId, 60))!
  return { kind: 'person', personId, sessionId, name, grants, isProofStale }
}
const login = async (userName = 'admin'): Promise<Actor> => {
  const { sessionId, personId } = await logIn({ userName, password, ...visit }, ways)
  return actorOf(sessionId, personId, userName)
}
const half = (userName = 'admin'): Promise<string> =>
  logIn({ userName, password, ...visit }, ways).then(
    () => '',
    (error) => (error as SecondFactorNeeded).half,
  )
const finish = (given: string, code: unknown) => finishLogin({ half: given, code, ...visit }, ways)
/** Each step counts once, so tests that give several codes live at several times; an app shows what is at most half a minute off. */
const codes = (key: string) => [-30, 0, 30].map((seconds) => codeAt(key.replaceAll(' ', ''), new Date(Date.now() + seconds * 1000)))
const enrolled = async () => {
  const actor = await login()
  const made = await beginAuthenticator(actor, 'phone')
  const [first, second, third] = codes(made.key) as [string, string, string]
  const recovery = (await confirmAuthenticator(actor, made.id, first))!
  return { actor, made, first, second, third, recovery }
}
const acts = async () =>
  (await getPool().query("select act from audit where act ~ 'factor|recovery|^login' order by seq desc limit 3")).rows.map(({ act }) => act)

test('a factor counts once its first code was right; with it come ten recovery codes, and logins that had none end', async () => {
  const [actor, elsewhere] = [await login(), await login()]
  const made = await beginAuthenticator(actor, ' phone ')
  expect(made.path).toMatch(/^(M\d+ \d+h1v1h-1z){200,}$/)
  expect(await codeOf(confirmAuthenticator(actor, made.id, '000000'))).toBe('input.invalid')
  expect((await login()).personId, 'the password alone still signs in').toBe(actor.personId)
  const recovery = await confirmAuthenticator(actor, made.id, codes(made.key)[1])
  expect(recovery).toHaveLength(10)
  expect(await listFactors(actor, actor.personId!)).toMatchObject({ factors: [{ name: 'phone' }], codesLeft: 10 })
  expect(await livePerson(elsewhere.sessionId!, 60)).toBeNull()
  expect(await livePerson(actor.sessionId!, 60)).not.toBeNull()
  const second = await beginAuthenticator(actor, 'tablet')
  expect(await confirmAuthenticator(actor, second.id, codes(second.key)[1]), 'there are codes already').toBeNull()
  expect((await acts())[0]).toBe('second-factor.add')
})

test('seeds and codes are in no row in clear text', async () => {
  const { made, recovery } = await enrolled()
  const { rows } = await getPool().query(
    'select (select json_agg(f) from second_factors f)::text || (select json_agg(c) from recovery_codes c)::text as all',
  )
  for (const secret of [made.key.replaceAll(' ', ''), ...recovery]) expect(rows[0].all).not.toContain(secret)
})

test('the password opens nothing by itself any more: the code of the same browser does, once', async () => {
  const { second, third } = await enrolled()
  const given = await half()
  expect(given).toMatch(/^[0-9A-Za-z_-]{43}$/)
  expect((await getPool().query('select count(*)::int as n from sessions where revoked_at is null')).rows[0].n).toBe(1)
  for (const odd of ['', 'x', undefined, given.slice(1)]) expect(await codeOf(finish(odd as string, second))).toBe('auth.rejected')
  const { sessionId } = await finish(given, second)
  expect(await livePerson(sessionId, 60)).toMatchObject({ userName: 'admin', isProofStale: false })
  expect(await codeOf(finish(given, third)), 'used').toBe('auth.rejected')
  expect(await acts()).toEqual(['login', 'second-factor.add', 'login'])
})

test('a code counts once, also for two who give it at the same moment', async () => {
  const { first, second } = await enrolled()
  expect(await codeOf(finish(await half(), first)), 'that confirmed it').toBe('auth.rejected')
  const halves = [await half(), await half()]
  const ends = await Promise.all(halves.map((one) => codeOf(finish(one, second))))
  expect(ends.sort()).toEqual(['auth.rejected', 'no fault'])
})

test('an older code counts no more once a newer one was given', async () => {
  const { second, third } = await enrolled()
  await finish(await half(), third)
  expect(await codeOf(finish(await half(), second))).toBe('auth.rejected')
})

test('a recovery code stands in once, however it is typed', async () => {
  const { actor, recovery } = await enrolled()
  await finish(await half(), recovery[0]!.toUpperCase().replaceAll('-', ' '))
  expect(await codeOf(finish(await half(), recovery[0]))).toBe('auth.rejected')
  expect((await listFactors(actor, actor.personId!)).codesLeft).toBe(9)
  const fresh = await renewRecoveryCodes(actor)
  expect(await codeOf(finish(await half(), recovery[1]))).toBe('auth.rejected')
  await finish(await half(), fresh[1])
})

test('codes are guessed five times, then each guess waits, whatever address it comes from and however often the password is given', async () => {
  const { second } = await enrolled()
  for (let guess = 0; guess < 5; guess += 1) expect(await codeOf(finish(await half(), '000000'))).toBe('auth.rejected')
  const given = await half()
  expect(await codeOf(finishLogin({ half: given, code: second, from: '203.0.113.9', userAgent: null }, ways))).toBe('auth.throttled')
})

test('the first half of a login is worth nothing after five minutes, or for somebody who was disabled meanwhile', async () => {
  const { actor, second } = await enrolled()
  const given = await half()
  await getPool().query('update people set is_disabled = true where id = $1', [actor.personId])
  expect(await codeOf(finish(given, second))).toBe('auth.rejected')
  await getPool().query('update people set is_disabled = false where id = $1', [actor.personId])
  await getPool().query('update half_logins set expires_at = now()')
  expect(await codeOf(finish(given, second))).toBe('auth.rejected')
})

test('with a second factor a fresh proof takes its code too', async () => {
  const { actor, second } = await enrolled()
  await getPool().query("update sessions set proved_at = now() - interval '11 minutes'")
  const old = await actorOf(actor.sessionId!, actor.personId!)
  expect(old.isProofStale).toBe(true)
  for (const code of [undefined, '', '000000']) expect(await codeOf(proveAgain(old, { password, code }, null))).toBe('input.invalid')
  expect((await actorOf(actor.sessionId!, actor.personId!)).isProofStale).toBe(true)
  await proveAgain(old, { password, code: second }, null)
  expect((await actorOf(actor.sessionId!, actor.personId!)).isProofStale).toBe(false)
})

test('adding, removing and new codes take a fresh proof, and a token does none of it', async () => {
  const { actor, made } = await enrolled()
  const old: Actor = { ...actor, isProofStale: true }
  const token: Actor = { ...actor, kind: 'token', tokenId: 't' }
  const next = await beginAuthenticator(actor, 'tablet')
  for (const who of [old, token]) {
    const code = who === old ? 'auth.proof' : 'access.denied'
    expect(await codeOf(confirmAuthenticator(who, next.id, codes(next.key)[1]))).toBe(code)
    expect(await codeOf(removeFactor(who, made.id))).toBe(code)
    expect(await codeOf(renewRecoveryCodes(who))).toBe(code)
  }
  await removeFactor(actor, made.id)
  expect(await listFactors(actor, actor.personId!)).toEqual({ factors: [], codesLeft: 0 })
  expect((await login()).personId).toBe(actor.personId)
})

test('another administrator resets those of somebody who lost theirs, which ends their logins; nobody resets their own or removes another’s', async () => {
  const { actor, made } = await enrolled()
  const other = await login('other')
  expect(await codeOf(resetFactors(actor, actor.personId!))).toBe('access.denied')
  expect(await codeOf(removeFactor(other, made.id))).toBe('record.missing')
  expect(await codeOf(resetFactors({ ...other, isProofStale: true }, actor.personId!))).toBe('auth.proof')
  expect((await listFactors(actor, actor.personId!)).factors).toHaveLength(1)
  await resetFactors(other, actor.personId!)
  expect(await livePerson(actor.sessionId!, 60)).toBeNull()
  expect((await login()).personId).toBe(actor.personId)
  expect(await codeOf(resetFactors(other, actor.personId!))).toBe('record.missing')
})
