import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ProviderBrowser } from '@/e2e/harness/provider-browser'
import { type ProvidedPerson, type RunningIdentityProvider, startIdentityProvider } from '@/lib/playground/services/identity-provider'
import type { IdentityProvider } from '@/lib/ports/identity-provider'
import { makeOidcProvider, type OidcOptions } from '.'

const redirectUri = 'http://localhost:1/api/auth/oidc/callback'
const sara = { user: 'sara', fullName: 'Sara Sso', password: 'secret-1', groups: ['DBAs', 'Everybody'] }
const simon = { user: 'simon', fullName: 'Simon Sso', password: 'secret-2', groups: [] }
let running: RunningIdentityProvider
let people: ProvidedPerson[]
const tokens: string[] = []
const listener = createServer(async (request, response) => {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += piece
  tokens.push(new URLSearchParams(text).get('logout_token') ?? '')
  response.end()
})

const made = (more: Partial<OidcOptions> = {}): IdentityProvider =>
  makeOidcProvider({
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
    deadlineMs: 2_000,
    ...more,
  })

beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  people = []
  running = await startIdentityProvider({
    redirectUri,
    backchannelUri: `http://127.0.0.1:${(listener.address() as { port: number }).port}/`,
    people,
  })
})
beforeEach(() => {
  people.splice(0, people.length, { ...sara }, { ...simon })
})
afterAll(async () => {
  await running?.stop()
  listener.close()
})

const login = async (provider: IdentityProvider, person = sara, browser = new ProviderBrowser()) => {
  const { address, held } = await provider.ask({ isFresh: false })
  const back = await browser.signIn(address, person)
  return { query: back.searchParams, held, browser }
}

test('a login brings the person with name, mail and groups, known by issuer and subject', async () => {
  const provider = made({ groupPrefix: 'sso:' })
  const { query, held } = await login(provider)
  expect(await provider.answer(query, held, { isFresh: false })).toEqual({
    issuer: running.issuer,
    subject: 'sara',
    person: { userName: 'sara', fullName: 'Sara Sso', email: 'sara@sso.test', groups: ['sso:dbas', 'sso:everybody'] },
    sid: expect.any(String),
    isStrong: false,
    refreshToken: expect.any(String),
  })
})

test('an answer to another question, with another nonce or without its verifier opens nothing, and each code opens once', async () => {
  const provider = made()
  const refused = { code: 'auth.rejected' }
  for (const wrong of [{ state: 'another' }, { nonce: 'another' }, { verifier: 'a'.repeat(43) }]) {
    const { query, held } = await login(provider)
    await expect(provider.answer(query, { ...held, ...wrong }, { isFresh: false })).rejects.toMatchObject(refused)
  }
  const { query, held } = await login(provider)
  const elsewhere = new URLSearchParams(query)
  elsewhere.set('iss', 'https://evil.example')
  await expect(provider.answer(elsewhere, held, { isFresh: false })).rejects.toMatchObject(refused)
  await provider.answer(query, held, { isFresh: false })
  await expect(provider.answer(query, held, { isFresh: false })).rejects.toMatchObject(refused)
})

test('a person who gave up at the provider is told so', async () => {
  const { held } = await made().ask({ isFresh: false })
  const query = new URLSearchParams({ error: 'access_denied', error_description: 'Call 0900-EVIL', state: held.state, iss: running.issuer })
  await expect(made().answer(query, held, { isFresh: false })).rejects.toMatchObject({
    code: 'auth.rejected',
    facts: { because: 'The identity provider refused: access_denied.' },
  })
})

test('a fresh proof asks again whoever is signed in there, and takes no login of before', async () => {
  const provider = made()
  const browser = new ProviderBrowser()
  await login(provider, sara, browser)
  // Signed in there: a login does not ask again.
  await browser.signIn((await provider.ask({ isFresh: false })).address, { user: 'sara', password: 'wrong' })
  const { address } = await provider.ask({ isFresh: true })
  await expect(browser.signIn(address, { user: 'sara', password: 'wrong' })).rejects.toThrow('401')
  const again = await provider.ask({ isFresh: true })
  const { searchParams: proof } = await browser.signIn(again.address, sara)
  expect(await provider.answer(proof, again.held, { isFresh: true })).toMatchObject({ subject: 'sara' })
  // A browser that leaves out of the question that it must be afresh, and is let in as whoever is signed in.
  const tampered = async (maxAge: string | null) => {
    const question = await provider.ask({ isFresh: true })
    const changed = new URL(question.address)
    changed.searchParams.delete('prompt')
    changed.searchParams.delete('max_age')
    if (maxAge !== null) changed.searchParams.set('max_age', maxAge)
    const { searchParams } = await browser.signIn(changed.href, { user: 'sara', password: 'wrong' })
    return { searchParams, held: question.held }
  }
  const untold = await tampered(null)
  await expect(provider.answer(untold.searchParams, untold.held, { isFresh: true })).rejects.toMatchObject({ code: 'auth.rejected' })
  // The same a minute later, by a login that is not old: it came before the question all the same.
  const old = await tampered('3600')
  const asked = { ...old.held, askedAt: old.held.askedAt + 60_000 }
  await expect(provider.answer(old.searchParams, asked, { isFresh: true })).rejects.toThrow('a login of before')
})

const fresh = async (): Promise<Parameters<IdentityProvider['answer']>> => {
  const { query, held } = await login(made())
  return [query, held, { isFresh: false }]
}

test('where to sign out there is what the provider says of itself', async () => {
  const address = new URL((await made().signOutAddress())!)
  expect([address.origin, address.searchParams.get('client_id')]).toEqual([new URL(running.issuer).origin, running.clientId])
})

test('asked again it gives groups of now and another token; for somebody who was let go, nothing', async () => {
  const provider = made()
  const { query, held } = await login(provider)
  const { refreshToken } = await provider.answer(query, held, { isFresh: false })
  people[0]!.groups = ['Retired']
  const again = await provider.askAgain(refreshToken!, 'sara')
  expect(again).toEqual({ groups: ['retired'], refreshToken: expect.any(String) })
  expect(await provider.askAgain(again!.refreshToken!, 'simon'), 'somebody else’s token').toBeNull()
  expect((await made({ groupsClaim: 'roles' }).askAgain(again!.refreshToken!, 'sara'))?.groups, 'told of none').toEqual([])
  const last = await made({ groupsClaim: 'roles' }).answer(...(await fresh()))
  people[0]!.isGone = true
  expect(await provider.askAgain(last.refreshToken!, 'sara')).toBeNull()
})

test('a provider that is down, slow, or refuses the console itself says nothing of anybody', async () => {
  const { query, held } = await login(made())
  const { refreshToken } = await made().answer(query, held, { isFresh: false })
  const down = { code: 'auth.provider-down' }
  await expect(made({ clientSecret: 'another' }).askAgain(refreshToken!, 'sara')).rejects.toMatchObject(down)
  await expect(made({ issuer: 'http://localhost:1' }).askAgain(refreshToken!, 'sara')).rejects.toMatchObject(down)
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(silent.address() as { port: number }).port}`
  await expect(made({ issuer, deadlineMs: 200 }).ask({ isFresh: false })).rejects.toMatchObject(down)
  expect(await made({ issuer, deadlineMs: 200 }).check()).toMatchObject([{ verdict: 'fail' }, { verdict: 'skipped' }])
  silent.closeAllConnections()
  silent.close()
  expect(await made().check()).toMatchObject([{ verdict: 'pass', because: running.issuer }, { verdict: 'pass' }])
})

test('the end of a login there is told by a token that only the provider can have made, of now', async () => {
  const provider = made()
  const { query, held, browser } = await login(provider)
  const { sid } = await provider.answer(query, held, { isFresh: false })
  await browser.signOut(running.issuer)
  await expect.poll(() => tokens.length).toBe(1)
  expect(await provider.readLogout(tokens[0]!)).toEqual({ issuer: running.issuer, subject: 'sara', sid, at: expect.any(Date) })

  const { privateKey, publicKey } = await generateKeyPair('RS256')
  expect(await exportJWK(publicKey)).toMatchObject({ kty: 'RSA' })
  const forged = await new SignJWT({ sub: 'sara', jti: 'x', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(running.issuer)
    .setAudience(running.clientId)
    .setIssuedAt()
    .sign(privateKey)
  const refused = { code: 'input.invalid' }
  await expect(provider.readLogout(forged)).rejects.toMatchObject(refused)
  await expect(provider.readLogout('no token')).rejects.toMatchObject(refused)
  await expect(made({ clientId: 'somebody-else' }).readLogout(tokens[0]!)).rejects.toMatchObject(refused)
})

test('a logout token is none where it is signed with what others know too, or not at all', async () => {
  const claims = () => ({
    ...{ iss: running.issuer, aud: running.clientId, sub: 'sara', jti: crypto.randomUUID() },
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  const { jwks_uri } = (await (await fetch(`${running.issuer}/.well-known/openid-configuration`)).json()) as { jwks_uri: string }
  const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: { kid: string }[] }
  const signedBy = (secret: string) =>
    new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: keys[0]!.kid }).setIssuedAt().sign(new TextEncoder().encode(secret))
  const unsigned = new UnsecuredJWT(claims()).setIssuedAt().encode()
  for (const token of [await signedBy(running.clientSecret), await signedBy(JSON.stringify(keys[0])), unsigned])
    await expect(made().readLogout(token)).rejects.toMatchObject({ code: 'input.invalid' })
})
