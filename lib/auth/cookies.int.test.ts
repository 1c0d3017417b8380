import NextAuth from 'next-auth'
import { encode } from 'next-auth/jwt'
import { beforeAll, expect, test } from 'vitest'
import { authSecret } from '@/lib/env'
import { authOptions, halfCookie, halfCookieName, providerCookie, providerCookieName, sessionCookieName } from './options'

beforeAll(() => {
  Object.assign(process.env, {
    AUTH_SECRET: 'a secret of the tests that is long enough',
    DATABASE_URL: 'postgres://unused',
    MATRIARCH_URL: 'https://console.test',
    NEXTAUTH_URL: 'https://console.test',
    TRUSTED_PROXIES: '1',
  })
})

test('behind https the login cookie is of this host alone: __Host-, Secure, HttpOnly, SameSite, the whole path, no domain', async () => {
  expect(sessionCookieName()).toBe('__Host-next-auth.session-token')
  const token = await encode({ token: { sid: 'x' }, secret: authSecret() })
  const set: string[] = []
  const response = {
    status: () => response,
    json: () => {},
    send: () => {},
    end: () => {},
    getHeader: () => set,
    setHeader: (name: string, value: string | string[]) => {
      if (name.toLowerCase() === 'set-cookie') set.push(...[value].flat())
    },
  }
  const request = { method: 'GET', headers: {}, query: { nextauth: ['session'] }, cookies: { [sessionCookieName()]: token } }
  await NextAuth(request as never, response as never, authOptions(null))
  const ours = set.find((one) => one.startsWith(`${sessionCookieName()}=`))
  for (const part of [/; Path=\/(;|$)/, /; Secure/, /; HttpOnly/, /; SameSite=Lax/]) expect(ours).toMatch(part)
  expect(ours).not.toMatch(/; Domain=/)
})

test('behind https no other host of the domain can plant half a login, or a question to the identity provider, in a browser', () => {
  for (const [name, options] of [
    [halfCookieName(), halfCookie()],
    [providerCookieName(), providerCookie()],
  ] as const) {
    expect(name).toMatch(/^__Host-/)
    expect(options).toMatchObject({ path: '/', secure: true, httpOnly: true })
    expect(options).not.toHaveProperty('domain')
  }
})
