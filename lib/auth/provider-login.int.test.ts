import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { livePerson } from '@/db/people/sessions'
import { getPool } from '@/db/pg/client'
import { startDatabase, type TestDatabase } from '@/e2e/harness/daemons/database'
import { ProviderBrowser } from '@/e2e/harness/provider-browser'
import { makeOidcProvider } from '@/lib/adapters/oidc'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { type ProvidedPerson, type RunningIdentityProvider, startIdentityProvider } from '@/lib/playground/services/identity-provider'
import type { Directory } from '@/lib/ports/directory'
import type { IdentityProvider, LogoutNotice } from '@/lib/ports/identity-provider'
import { ensureLocalAdmin } from './bootstrap'
import { finishLogin, logIn, type SecondFactorNeeded } from './login'
import { proveAgain } from './prove'
import { askProvider, endFromProvider, takeAnswer } from './provider-login'
import { refreshIdentities } from './refresh-identities'
import { actorOfRequest } from './request'
import { beginAuthenticator, confirmAuthenticator } from './second-factor'
import { createToken } from './tokens'
import { codeAt } from './totp'

const redirectUri = 'http://localhost:1/api/auth/oidc/callback'
const sara = { user: 'sara', fullName: 'Sara Sso', password: 'secret-1', groups: ['viewers'] }
const people: ProvidedPerson[] = []
let database: TestDatabase
let running: RunningIdentityProvider
let provider: IdentityProvider

/** A directory that knows everybody. */
const directory = {
  authenticate: async (userName: string, given: string) => {
    if (given !== `${userName}-password`) throw new Fault('auth.rejected')
    return { userName, fullName: '', email: '', groups: [] }
  },
} as unknown as Directory

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no fault',
    (error) => error.code ?? error.constructor.name,
  )
const visit = { from: '192.0.2.1', userAgent: 'test' }
interface Way {
  browser?: ProviderBrowser
  proof?: Actor
  via?: IdentityProvider
}
const answered = async (person: ProvidedPerson, { browser = new ProviderBrowser(), proof, via = provider }: Way = {}) => {
  const { address, cookie } = await askProvider(via, { path: '/herds', proof: proof ?? null })
  return takeAnswer(via, (await browser.signIn(address, person)).searchParams, { cookie, actor: proof ?? null, visit })
}
const login = async (person: ProvidedPerson = sara, way: Way = {}): Promise<Actor> => {
  const done = await answered(person, way)
  expect(done).toMatchObject({ kind: 'login', path: '/herds' })
  return actorOf((done as { sessionId: string }).sessionId)
}
const actorOf = async (sessionId: string): Promise<Actor> => {
  const { personId, userName: name, grants, isProofStale } = (await livePerson(sessionId, 60))!
  return { kind: 'person', personId, sessionId, name, grants, isProofStale }
}
const isLive = async ({ sessionId }: Actor) => (await livePerson(sessionId!, 60)) !== null
const row = async (userName: string) => (await getPool().query('select * from people where user_name = $1', [userName])).rows[0]

beforeAll(async () => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.MATRIARCH_URL = 'http://console.test'
  ;[database, running] = await Promise.all([
    startDatabase(),
    startIdentityProvider({ redirectUri, backchannelUri: 'http://localhost:1/', people }),
  ])
  provider = makeOidcProvider({
    name: 'SSO',
    issuer: running.issuer,
    clientId: running.clientId,
    clientSecret: running.clientSecret,
    redirectUri,
    scopes: 'openid profile email groups offline_access',
    userClaim: 'preferred_username',
    groupsClaim: 'groups',
    groupPrefix: '',
    strong: [],
    deadlineMs: 5_000,
  })
  await ensureLocalAdmin('admin', 'the first password')
  await getPool().query("insert into grants (group_name, role) values ('VIEWERS', 'viewer'), ('dbas', 'dba')")
})
beforeEach(async () => {
  people.splice(0, people.length, { ...sara }, { ...sara, user: 'simon' }, { ...sara, user: 'admin' }, { ...sara, user: 'vera' })
  await getPool().query("delete from people where source <> 'local'")
  await getPool().query('delete from login_attempts')
})
afterAll(async () => {
  await Promise.all([database.stop(), running.stop()])
})

test('a first login makes a person who holds what their groups are granted; later ones are theirs by the provider’s subject', async () => {
  const first = await login()
  expect(first.grants).toEqual([{ role: 'viewer', environmentId: null }])
  expect(await row('sara')).toMatchObject({ source: 'oidc', full_name: 'Sara Sso', email: 'sara@sso.test', password_hash: null })
  await getPool().query("update people set user_name = 'renamed' where user_name = 'sara'")
  expect((await login()).personId).toBe(first.personId)
  expect(await row('sara')).toBeDefined()
  const { rows } = await getPool().query('select refresh_token from identities')
  expect(rows).toHaveLength(1)
  expect(rows[0].refresh_token, 'sealed').toMatch(/^[\w.:$+/=-]{60,}$/)
})

test('nobody gets into an account that signs in another way by having its name, from either side', async () => {
  await logIn({ userName: 'vera', password: 'vera-password', ...visit }, { directory, sessionHours: 12, refusalMs: 0 })
  for (const user of ['vera', 'admin']) expect(await codeOf(answered({ ...sara, user }))).toBe('auth.rejected')
  expect((await getPool().query('select 1 from identities')).rowCount).toBe(0)
  await login()
  expect(
    await codeOf(logIn({ userName: 'sara', password: 'sara-password', ...visit }, { directory, sessionHours: 12, refusalMs: 0 })),
  ).toBe('auth.rejected')
  expect(await row('sara')).toMatchObject({ source: 'oidc' })
  await getPool().query("update people set is_disabled = true where user_name = 'sara'")
  expect(await codeOf(answered(sara))).toBe('auth.rejected')
})

test('an answer counts in the browser that asked, for what it asked', async () => {
  const { address } = await askProvider(provider, { path: '//evil.example', proof: null })
  const query = (await new ProviderBrowser().signIn(address, sara)).searchParams
  for (const cookie of [undefined, 'nonsense', (await askProvider(provider, { path: '/', proof: null })).cookie])
    expect(await codeOf(takeAnswer(provider, query, { cookie, actor: null, visit }))).toBe('auth.rejected')
  expect((await getPool().query("select 1 from sessions s join people p on p.id = s.person_id and p.source = 'oidc'")).rowCount).toBe(0)
})

test('who has a second factor here is asked for it after the provider, unless the provider is trusted with it', async () => {
  const actor = await login()
  const made = await beginAuthenticator(actor, 'phone')
  const code = (inSeconds = 0) => codeAt(made.key.replaceAll(' ', ''), new Date(Date.now() + inSeconds * 1000))
  await confirmAuthenticator(actor, made.id, code())
  const half = await answered(sara).then(
    () => '',
    (error) => (error as SecondFactorNeeded).half,
  )
  const ways = { sessionHours: 12, refusalMs: 0 }
  expect(await codeOf(finishLogin({ half, code: '000000', ...visit }, ways))).toBe('auth.rejected')
  const done = await finishLogin({ half, code: code(30), ...visit }, ways)
  const { rows } = await getPool().query('select provider_sid from sessions where id = $1', [done.sessionId])
  expect(rows[0].provider_sid).toEqual(expect.any(String))
  const strong = {
    ...provider,
    answer: async (...given: Parameters<IdentityProvider['answer']>) => ({ ...(await provider.answer(...given)), isStrong: true }),
  }
  const trusted = await login(sara, { via: strong })
  expect(await livePerson(trusted.sessionId!, 60)).toMatchObject({ hasFactor: true })
})

test('a fresh proof is a login at the provider, of the same person, for this login and once; the directory’s password of that name is none', async () => {
  const actor = await login()
  const stale = async () => {
    await getPool().query("update sessions set proved_at = now() - interval '11 minutes'")
    return actorOf(actor.sessionId!)
  }
  const old = await stale()
  expect(old.isProofStale).toBe(true)
  expect(await codeOf(proveAgain(old, { password: 'sara-password' }, directory))).toBe('input.invalid')
  expect(await codeOf(answered({ ...sara, user: 'simon' }, { proof: old }))).toBe('auth.rejected')
  const other = await login()
  await answered(sara, { proof: other })
  expect(await codeOf(proveAgain(old, { password: null }, directory)), 'of another login').toBe('input.invalid')
  await answered(sara, { proof: old })
  await proveAgain(old, { password: null }, directory)
  expect((await actorOf(actor.sessionId!)).isProofStale).toBe(false)
  await stale()
  expect(await codeOf(proveAgain(old, { password: null }, directory)), 'a second time').toBe('input.invalid')
  const { address, cookie } = await askProvider(provider, { path: '/', proof: old })
  const query = (await new ProviderBrowser().signIn(address, sara)).searchParams
  expect(await codeOf(takeAnswer(provider, query, { cookie, actor: other, visit })), 'in another login').toBe('auth.required')
})

test('a group left at the provider is left here, and whoever was let go there holds nothing, by tokens neither, until they are back', async () => {
  const actor = await login()
  const { token } = await createToken(actor, { name: 't', role: 'viewer', environmentId: null, expiresAt: null })
  const byToken = () => actorOfRequest(new Request('http://console.test/api/v1/me', { headers: { authorization: `Bearer ${token}` } }))
  const later = () => getPool().query("update people set groups_at = now() - interval '16 minutes'")
  expect(await refreshIdentities(provider, 24), 'asked just now').toBe(0)
  await later()
  people[0]!.groups = ['dbas']
  expect(await refreshIdentities(provider, 24)).toBe(1)
  expect((await actorOf(actor.sessionId!)).grants).toEqual([{ role: 'dba', environmentId: null }])
  await later()
  const down = { ...provider, askAgain: () => Promise.reject(new Fault('auth.provider-down')) }
  expect(await codeOf(refreshIdentities(down, 24))).toBe('auth.provider-down')
  expect(await isLive(actor)).toBe(true)
  await getPool().query('update identities set claimed_until = null')
  people[0]!.isGone = true
  await refreshIdentities(provider, 24)
  expect(await isLive(actor)).toBe(false)
  expect(await codeOf(byToken())).toBe('auth.required')
  people[0]!.isGone = false
  await login()
  expect(await byToken()).toMatchObject({ kind: 'token' })
  // A login is by its own answer; whoever is asked after again is told of.
  const { rows } = await getPool().query("select distinct act from audit where act like 'person.left-%'")
  expect(rows).toEqual([{ act: 'person.left-provider' }])
})

test('who cannot be asked again is vouched for as long as is configured, and so is everybody once there is no provider', async () => {
  const without = {
    ...provider,
    answer: async (...given: Parameters<IdentityProvider['answer']>) => ({ ...(await provider.answer(...given)), refreshToken: null }),
  }
  const [actor, other] = [await login(sara, { via: without }), await login({ ...sara, user: 'simon' })]
  await getPool().query("update people set groups_at = now() - interval '23 hours' where user_name = 'sara'")
  await refreshIdentities(provider, 24)
  expect(await isLive(actor)).toBe(true)
  await getPool().query("update people set groups_at = now() - interval '25 hours'")
  await refreshIdentities(provider, 24)
  expect([await isLive(actor), await isLive(other)]).toEqual([false, true])
  await getPool().query("update people set groups_at = now() - interval '25 hours'")
  await refreshIdentities(null, 24)
  expect(await isLive(other)).toBe(false)
})

test('a provider that has not answered for as long as is configured vouches for nobody, and one nobody has asked meanwhile for all', async () => {
  const actor = await login()
  const down = { ...provider, askAgain: () => Promise.reject(new Fault('auth.provider-down')) }
  const hoursAgo = (hours: number) => getPool().query('update people set groups_at = now() - make_interval(hours => $1)', [hours])
  const ask = () => codeOf(refreshIdentities(down, 24))
  await hoursAgo(23)
  expect(await ask()).toBe('auth.provider-down')
  await getPool().query('update identities set claimed_until = null')
  // Every worker was away for two days: it is asked first.
  await hoursAgo(48)
  expect(await ask()).toBe('auth.provider-down')
  // Whoever asked may still get its answer.
  await refreshIdentities(down, 24)
  expect(await isLive(actor)).toBe(true)
  await getPool().query("update identities set claimed_until = now() - interval '1 second'")
  await refreshIdentities(down, 24)
  expect(await isLive(actor)).toBe(false)
})

test('one question that a provider leaves unanswered is its silence for everybody, not for one person a minute', async () => {
  const actors = [await login(), await login({ ...sara, user: 'simon' })]
  const down = { ...provider, askAgain: () => Promise.reject(new Fault('auth.provider-down')) }
  await getPool().query("update people set groups_at = now() - interval '25 hours'")
  expect(await codeOf(refreshIdentities(down, 24))).toBe('auth.provider-down')
  // The one who was asked after may still get an answer for a minute; nobody else is asked after meanwhile.
  await getPool().query("update identities set claimed_until = now() - interval '1 second' where claimed_until > now()")
  expect(await refreshIdentities(down, 24)).toBe(0)
  expect(await Promise.all(actors.map(isLive))).toEqual([false, false])
})

test('answers that are refused are limited by address, and each that is taken is none of them', async () => {
  for (let n = 0; n < 3; n++) await login()
  const { rows } = await getPool().query("select failures from login_attempts where key like 'from:%' and failures > 0")
  expect(rows).toEqual([])
  const bad = async () => {
    const { cookie } = await askProvider(provider, { path: '/', proof: null })
    return codeOf(takeAnswer(provider, new URLSearchParams({ code: 'invented', state: 'invented' }), { cookie, actor: null, visit }))
  }
  for (let n = 0; n < 30; n++) expect(await bad()).toBe('auth.rejected')
  expect(await bad()).toBe('auth.throttled')
})

test('an answer that comes after the person has signed in again changes nothing of that', async () => {
  await login()
  await getPool().query("update people set groups_at = now() - interval '16 minutes'")
  let since: Actor | null = null
  const late: IdentityProvider = {
    ...provider,
    askAgain: async () => {
      since = await login()
      return null
    },
  }
  await refreshIdentities(late, 24)
  expect(await isLive(since!)).toBe(true)
  expect(await row('sara')).toMatchObject({ absent_at: null })
})

test('one question at a time goes to the provider for a person, by however many processes', async () => {
  await login()
  await getPool().query("update people set groups_at = now() - interval '16 minutes'")
  let asked = 0
  const askAgain: IdentityProvider['askAgain'] = (...given) => {
    asked += 1
    return provider.askAgain(...given)
  }
  const counting = { ...provider, askAgain }
  await Promise.all([refreshIdentities(counting, 24), refreshIdentities(counting, 24), refreshIdentities(counting, 24)])
  expect(asked).toBe(1)
})

test('a login that ends at the provider ends here, and no other; the same notice again ends none that began since', async () => {
  const [one, two, others] = [await login(), await login(), await login({ ...sara, user: 'simon' })]
  const sidOf = async ({ sessionId }: Actor) =>
    (await getPool().query('select provider_sid from sessions where id = $1', [sessionId])).rows[0].provider_sid
  const notice = (more: Partial<LogoutNotice>): IdentityProvider => ({
    ...provider,
    readLogout: async () => ({ issuer: running.issuer, subject: 'sara', sid: null, at: new Date(), ...more }),
  })
  expect(await endFromProvider(notice({ sid: await sidOf(one) }), 'token')).toBe(1)
  expect([await isLive(one), await isLive(two), await isLive(others)]).toEqual([false, true, true])
  expect(await endFromProvider(notice({ at: new Date(Date.now() - 60_000) }), 'token'), 'of before').toBe(0)
  expect(await endFromProvider(notice({ issuer: 'https://another.example' }), 'token')).toBe(0)
  expect(await endFromProvider(notice({}), 'token')).toBe(1)
  expect([await isLive(two), await isLive(others)]).toEqual([false, true])
  expect(await codeOf(endFromProvider(provider, undefined))).toBe('input.invalid')
  expect(await codeOf(endFromProvider(provider, 'no token'))).toBe('input.invalid')
})
