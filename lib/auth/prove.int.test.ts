import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { listSessions, livePerson } from '@/db/people/sessions'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Directory } from '@/lib/ports/directory'
import { ensureLocalAdmin } from './bootstrap'
import { logIn } from './login'
import { proveAgain } from './prove'
import { setPassword } from './set-password'
import { createToken } from './tokens'

const password = 'the first password'
let database: TestDatabase
let isDirectoryDown = false

/** The two answers a directory has for a password; the real one's own suite is the adapter's. */
const directory = {
  authenticate: async (userName: string, given: string) => {
    if (isDirectoryDown) throw new Fault('auth.directory-down')
    if (given !== `${userName}-password`) throw new Fault('auth.rejected')
    return { userName, fullName: '', email: '', groups: [] }
  },
} as unknown as Directory

const login = async (userName: string, given: string): Promise<Actor> => {
  const { sessionId, personId } = await logIn(
    { userName, password: given, from: '192.0.2.1', userAgent: null },
    { directory, sessionHours: 12, refusalMs: 0 },
  )
  return actorOf(sessionId, personId, userName)
}
const actorOf = async (sessionId: string, personId: string, name: string): Promise<Actor> => {
  const { grants, isProofStale } = (await livePerson(sessionId, 60))!
  return { kind: 'person', personId, sessionId, name, grants, isProofStale }
}
const again = (actor: Actor) => actorOf(actor.sessionId!, actor.personId!, actor.name)
/** As it is eleven minutes after the login. */
const stale = async (actor: Actor): Promise<Actor> => {
  await getPool().query("update sessions set proved_at = now() - interval '11 minutes' where id = $1", [actor.sessionId])
  return again(actor)
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code,
  )
const makeToken = (actor: Actor) => createToken(actor, { name: 't', role: 'viewer', environmentId: null, expiresAt: null })
const tokenCount = async () => (await getPool().query('select count(*)::int as n from tokens')).rows[0].n
const acts = async () =>
  (await getPool().query("select act from audit where act like 'login.proof%' order by seq")).rows.map(({ act }) => act)

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.MATRIARCH_URL = 'http://console.test'
  database = await startDatabase()
  await ensureLocalAdmin('admin', password)
})
beforeEach(() => getPool().query('delete from login_attempts'))
afterAll(() => database?.stop())

test('a login vouches for ten minutes; after them a token is made only once the password was given again, and nothing is left of the refused one', async () => {
  const fresh = await login('admin', password)
  expect(fresh.isProofStale).toBe(false)
  await makeToken(fresh)
  const [before, old] = [await tokenCount(), await stale(fresh)]
  expect(await codeOf(makeToken(old))).toBe('auth.proof')
  expect(await tokenCount()).toBe(before)
  await proveAgain(old, { password }, null)
  await makeToken(await again(old))
  expect(await tokenCount()).toBe(before + 1)
  expect(await acts()).toEqual(['login.proof'])
})

test('the password given in one login vouches for no other login of that person', async () => {
  const [one, other] = [await stale(await login('admin', password)), await stale(await login('admin', password))]
  await proveAgain(one, { password }, null)
  expect([(await again(one)).isProofStale, (await again(other)).isProofStale]).toEqual([false, true])
})

test('a wrong password proves nothing, is recorded, and after five the right one waits too, while logging in does not', async () => {
  const old = await stale(await login('admin', password))
  for (const wrong of ['wrong', '', 7, 'x'.repeat(300), null])
    expect(await codeOf(proveAgain(old, { password: wrong }, null))).toBe('input.invalid')
  expect(await codeOf(proveAgain(old, { password }, null))).toBe('auth.throttled')
  expect((await again(old)).isProofStale).toBe(true)
  expect((await acts()).filter((act) => act === 'login.proof-refused')).toHaveLength(5)
  expect((await login('admin', password)).isProofStale).toBe(false)
})

test('the directory vouches for its own people; while it is down nobody is slowed, and nothing is proved', async () => {
  const old = await stale(await login('dana', 'dana-password'))
  expect(await codeOf(proveAgain(old, { password: 'wrong' }, directory))).toBe('input.invalid')
  isDirectoryDown = true
  for (let time = 0; time < 8; time++)
    expect(await codeOf(proveAgain(old, { password: 'dana-password' }, directory))).toBe('auth.directory-down')
  isDirectoryDown = false
  expect((await again(old)).isProofStale).toBe(true)
  await proveAgain(old, { password: 'dana-password' }, directory)
  expect((await again(old)).isProofStale).toBe(false)
})

test('a token proves nothing, and neither does a login that has ended', async () => {
  const old = await stale(await login('admin', password))
  expect(await codeOf(proveAgain({ ...old, kind: 'token', tokenId: 't' }, { password }, null))).toBe('access.denied')
  await getPool().query('update sessions set revoked_at = now() where id = $1', [old.sessionId])
  expect(await codeOf(proveAgain(old, { password }, null))).toBe('auth.required')
})

test('one’s own new password needs the current one and no other proof; somebody else’s needs a fresh proof', async () => {
  const old = await stale(await login('admin', password))
  const { rows } = await getPool().query<{ id: string }>("insert into people (user_name) values ('other') returning id")
  expect(await codeOf(setPassword(old, rows[0]!.id, { password: 'a long enough one for nights' }))).toBe('auth.proof')
  await setPassword(old, old.personId!, { password: 'another one for the nights', currentPassword: password })
  expect(await listSessions(await again(old), { hours: 12, idleMinutes: 60 })).toHaveLength(1 + (await otherLogins()))
})

/** Of people whose password was not changed. */
const otherLogins = async () =>
  (
    await getPool().query(
      "select count(*)::int as n from sessions s join people p on p.id = s.person_id where revoked_at is null and user_name <> 'admin'",
    )
  ).rows[0].n
