import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { listFactors, removeFactor, renameFactor } from '@/db/people/factors'
import { livePerson } from '@/db/people/sessions'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { SecurityKey } from '@/e2e/harness/security-key'
import type { Actor } from '@/lib/kernel/access/access'
import { ensureLocalAdmin } from '../bootstrap'
import { finishLogin, logIn, type SecondFactorNeeded } from '../login'
import { proveAgain } from '../prove'
import { askPasskeyAgain, askPasskeyOfHalf, beginPasskey, confirmPasskey } from '.'

const password = 'the first password'
const [origin, site] = ['http://localhost:3000', 'localhost']
const ways = { directory: null, sessionHours: 12, refusalMs: 0 }
const visit = { from: '192.0.2.1', userAgent: null }
let database: TestDatabase

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.MATRIARCH_URL = origin
  database = await startDatabase()
  for (const name of ['admin', 'other']) await ensureLocalAdmin(name, password)
})
afterAll(() => database?.stop())
beforeEach(() => getPool().query('truncate second_factors, recovery_codes, half_logins, passkey_challenges, sessions, login_attempts'))

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code ?? error.constructor.name,
  )
const actorOf = async (sessionId: string, personId: string, name: string): Promise<Actor> => {
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
const finish = (given: string, passkey: unknown) => finishLogin({ half: given, passkey, ...visit }, ways)
const enrolled = async (userName = 'admin') => {
  const [actor, key] = [await login(userName), new SecurityKey(origin, site)]
  const recovery = (await confirmPasskey(actor, 'key', key.make(await beginPasskey(actor, 'key'))))!
  return { actor, key, recovery }
}
const counterOf = async () => Number((await getPool().query('select counter from second_factors')).rows[0].counter)

test('a passkey counts once its device has signed; with the first factor come ten recovery codes, and logins that had none end', async () => {
  const [elsewhere, { actor, key, recovery }] = [await login(), await enrolled()]
  expect(recovery).toHaveLength(10)
  expect(await listFactors(actor, actor.personId!)).toMatchObject({ factors: [{ name: 'key', kind: 'passkey' }], codesLeft: 10 })
  expect(await livePerson(elsewhere.sessionId!, 60)).toBeNull()
  const question = await beginPasskey(actor, 'second key')
  expect(question.excludeCredentials, 'a device is not asked twice').toMatchObject([{ id: key.id.toString('base64url') }])
  expect(await codeOf(confirmPasskey(actor, 'again', key.make(question)))).toBe('record.duplicate')
  const second = new SecurityKey(origin, site)
  expect(await confirmPasskey(actor, 'second', second.make(await beginPasskey(actor, 'second'))), 'there are codes already').toBeNull()
  const { rows } = await getPool().query(
    "select act, detail->>'kind' as kind from audit where act = 'second-factor.add' order by seq desc limit 1",
  )
  expect(rows).toEqual([{ act: 'second-factor.add', kind: 'passkey' }])
})

test('what a device makes is taken once, in the login that asked, within five minutes', async () => {
  const [actor, elsewhere, other] = [await login(), await login(), await login('other')]
  const key = new SecurityKey(origin, site)
  const made = key.make(await beginPasskey(actor, 'key'))
  for (const who of [elsewhere, other]) expect(await codeOf(confirmPasskey(who, 'key', made))).toBe('input.invalid')
  expect(await codeOf(confirmPasskey(actor, 'key', { ...made, response: {} }))).toBe('input.invalid')
  expect(await codeOf(confirmPasskey(actor, 'key', made)), 'asked anew after a wrong answer').toBe('input.invalid')
  const late = key.make(await beginPasskey(actor, 'key'))
  await getPool().query('update passkey_challenges set expires_at = now()')
  expect(await codeOf(confirmPasskey(actor, 'key', late))).toBe('input.invalid')
  const right = key.make(await beginPasskey(actor, 'key'))
  const ends = await Promise.all([1, 2].map(() => codeOf(confirmPasskey(actor, 'key', right))))
  expect(ends.sort()).toEqual(['input.invalid', 'no fault'])
})

test('the password opens nothing by itself any more: the passkey does, once, for the half of the login that asked', async () => {
  const { key } = await enrolled()
  const [given, elsewhere] = [await half(), await half()]
  expect(given).toMatch(/^[0-9A-Za-z_-]{43}$/)
  expect(await codeOf(finish(given, key.sign({ challenge: 'bm90IGFza2Vk' }))), 'nothing was asked').toBe('auth.rejected')
  const signed = key.sign((await askPasskeyOfHalf(given))!)
  expect(await codeOf(finish(elsewhere, signed))).toBe('auth.rejected')
  const { sessionId } = await finish(given, JSON.stringify(signed))
  expect(await livePerson(sessionId, 60)).toMatchObject({ userName: 'admin', isProofStale: false })
  expect(await codeOf(finish(given, signed))).toBe('auth.rejected')
  expect(await counterOf()).toBe(key.counter)
  const { rows } = await getPool().query("select detail->>'factor' as factor from audit where act = 'login' order by seq desc limit 1")
  expect(rows).toEqual([{ factor: 'passkey' }])
  for (const odd of [undefined, '', 'x', given]) expect(await askPasskeyOfHalf(odd)).toBeNull()
})

test('an answer that was used, or is one of two at the same moment, opens nothing', async () => {
  const { key } = await enrolled()
  const given = await half()
  const signed = key.sign((await askPasskeyOfHalf(given))!)
  const ends = await Promise.all([1, 2, 3].map(() => codeOf(finish(given, signed))))
  expect(ends.sort()).toEqual(['auth.rejected', 'auth.rejected', 'no fault'])
})

test('a copied device opens nothing once the true one has counted on, and two copies at once open one login', async () => {
  const { key } = await enrolled()
  const first = await half()
  await finish(first, key.sign((await askPasskeyOfHalf(first))!))
  const copied = await half()
  expect(await codeOf(finish(copied, key.sign((await askPasskeyOfHalf(copied))!, { counter: 1 })))).toBe('auth.rejected')
  const halves = [await half(), await half()]
  const answers = await Promise.all(halves.map(async (one) => key.sign((await askPasskeyOfHalf(one))!, { counter: 9 })))
  const ends = await Promise.all(halves.map((one, n) => codeOf(finish(one, answers[n]))))
  expect(ends.sort()).toEqual(['auth.rejected', 'no fault'])
})

test('who owns a factor renames it, nobody else does, and the audit log has both names', async () => {
  const [{ actor }, other] = [await enrolled(), await login('other')]
  const { factors } = await listFactors(actor, actor.personId!)
  expect(await codeOf(renameFactor(other, factors[0]!.id, 'mine'))).toBe('record.missing')
  await renameFactor(actor, factors[0]!.id, 'blue key')
  expect((await listFactors(actor, actor.personId!)).factors).toMatchObject([{ name: 'blue key' }])
  const { rows } = await getPool().query("select title, detail from audit where act = 'second-factor.rename'")
  expect(rows).toEqual([{ title: 'blue key', detail: { before: 'key' } }])
})

test('nobody’s passkey signs somebody else in', async () => {
  const [, { key }] = [await enrolled(), await enrolled('other')]
  const given = await half()
  const question = (await askPasskeyOfHalf(given))!
  expect(question.allowCredentials).toHaveLength(1)
  expect(await codeOf(finish(given, key.sign(question)))).toBe('auth.rejected')
})

test('after five wrong answers each waits, codes and passkeys counted together', async () => {
  const { key } = await enrolled()
  const given = await half()
  for (let time = 0; time < 3; time += 1) expect(await codeOf(finish(given, {}))).toBe('auth.rejected')
  for (let time = 0; time < 2; time += 1)
    expect(await codeOf(finishLogin({ half: given, code: '000000', ...visit }, ways))).toBe('auth.rejected')
  expect(await codeOf(finish(given, key.sign((await askPasskeyOfHalf(given))!)))).toBe('auth.throttled')
})

test('a recovery code stands in for a passkey, and removing the last one makes the password enough again', async () => {
  const { actor, recovery } = await enrolled()
  await finishLogin({ half: await half(), code: recovery[0], ...visit }, ways)
  const { factors } = await listFactors(actor, actor.personId!)
  await removeFactor(actor, factors[0]!.id)
  expect((await login()).personId).toBe(actor.personId)
})

test('a fresh proof takes the passkey of the same login; nothing signed for a login or a new passkey is one', async () => {
  const { actor, key } = await enrolled()
  await getPool().query("update sessions set proved_at = now() - interval '11 minutes'")
  const old = await actorOf(actor.sessionId!, actor.personId!, 'admin')
  const [given, prove] = [await half(), (passkey: unknown) => codeOf(proveAgain(old, { password, passkey }, null))]
  expect(await prove(undefined)).toBe('input.invalid')
  expect(await prove(key.sign((await askPasskeyOfHalf(given))!))).toBe('input.invalid')
  const question = (await askPasskeyAgain(old))!
  expect(await codeOf(finish(given, key.sign(question)))).toBe('auth.rejected')
  expect(await codeOf(proveAgain(old, { password: 'wrong', passkey: key.sign(question) }, null))).toBe('input.invalid')
  expect((await actorOf(actor.sessionId!, actor.personId!, 'admin')).isProofStale).toBe(true)
  expect(await prove(key.sign(question))).toBe('no fault')
  expect((await actorOf(actor.sessionId!, actor.personId!, 'admin')).isProofStale).toBe(false)
})

test('a new passkey takes a fresh proof before the device is asked, and a token has none', async () => {
  const actor = await login()
  const [old, token]: Actor[] = [
    { ...actor, isProofStale: true },
    { ...actor, kind: 'token', tokenId: 't' },
  ]
  const made = new SecurityKey(origin, site).make(await beginPasskey(actor, 'key'))
  for (const work of [(who: Actor) => beginPasskey(who, 'key'), (who: Actor) => confirmPasskey(who, 'key', made)]) {
    expect(await codeOf(work(old!))).toBe('auth.proof')
    expect(await codeOf(work(token!))).toBe('access.denied')
  }
  expect(await codeOf(askPasskeyAgain(token!).then(() => null))).toBe('access.denied')
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(61), 7, null]) expect(await codeOf(beginPasskey(actor, name))).toBe('input.invalid')
  expect(await confirmPasskey(actor, 'key', made), 'what was refused took nothing').toHaveLength(10)
})
