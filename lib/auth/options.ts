import { cookies, headers } from 'next/headers'
import type { NextAuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { halfLoginMinutes } from '@/db/people/half-logins'
import { closeSession } from '@/db/people/sessions'
import { authSecret, env } from '@/lib/env'
import { toFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import type { Directory } from '@/lib/ports/directory'
import { addressOf } from './address'
import { finishLogin, type LoggedIn, logIn, SecondFactorNeeded } from './login'
import { questionMinutes } from './provider-login'

const isSecure = () => env().MATRIARCH_URL.startsWith('https://')

/** `__Host-` behind https: neither a plain page nor another host of the domain can plant one, and so a login of its own in somebody's browser. */
const prefix = (): string => (isSecure() ? '__Host-' : '')

/** Name of the cookie that carries the sealed session id. */
export const sessionCookieName = (): string => `${prefix()}next-auth.session-token`

export const sessionCookie = () => ({ httpOnly: true, sameSite: 'lax' as const, path: '/', secure: isSecure() })

/** Longer than a wrong password takes to be found wrong, here or in a directory. */
const refusalMs = 600

/** By it a browser in which somebody signed in before is known at their next login; it opens nothing. */
const deviceCookieName = (): string => `${prefix()}matriarch-device`
const deviceCookie = () => ({
  httpOnly: true,
  secure: isSecure(),
  sameSite: 'lax' as const,
  path: '/',
  maxAge: 400 * 24 * 3600,
})

/** Carries a login whose password is proved to its second half. It opens nothing. */
export const halfCookieName = (): string => `${prefix()}matriarch-half`
export const halfCookie = () => ({ ...deviceCookie(), sameSite: 'strict' as const, maxAge: halfLoginMinutes * 60 })

/** Carries what a browser is to bring back from the identity provider, sealed. Lax: its answer comes from another site. */
export const providerCookieName = (): string => `${prefix()}matriarch-provider`
export const providerCookie = () => ({ ...deviceCookie(), maxAge: questionMinutes * 60 })

/** As the login page reads it: not a refusal, but a question for a code. */
export const secondFactorAsked = 'second-factor'

type Jar = Awaited<ReturnType<typeof cookies>>

const visit = async (given: Record<string, string> | undefined) => {
  const headers = new Headers(given ?? {})
  return { from: addressOf(headers), userAgent: headers.get('user-agent'), jar: await cookies() }
}

const signedIn = (jar: Jar, { sessionId, userName, device }: LoggedIn) => {
  jar.set(deviceCookieName(), device, deviceCookie())
  return { id: sessionId, name: userName }
}

/** next-auth hands the page what is thrown, as text. */
const told = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && error.message === secondFactorAsked) throw error
    const fault = toFault(error)
    if (fault.code === 'internal.bug') logger().error({ err: fault.cause }, 'login failed')
    if (fault.code === 'auth.directory-down') logger().error({ err: fault }, 'the directory does not answer')
    // Where the directory is, is nothing for people who have not signed in.
    const because = fault.code === 'auth.directory-down' ? undefined : fault.facts.because
    throw new Error(because ? `${fault.code}: ${because}` : fault.code)
  }
}

/**
 * The cookie carries the session's id and nothing else, sealed with AUTH_SECRET; what it is worth is decided by the `sessions` table at each
 * request. A refused login reaches the page as the fault's code in `error`.
 */
export const authOptions = (directory: Directory | null): NextAuthOptions => ({
  secret: authSecret(),
  useSecureCookies: isSecure(),
  cookies: { sessionToken: { name: sessionCookieName(), options: sessionCookie() } },
  session: { strategy: 'jwt', maxAge: env().SESSION_HOURS * 3600 },
  pages: { signIn: '/login', signOut: '/login', error: '/login' },
  providers: [
    CredentialsProvider({
      name: 'Matriarch',
      credentials: { userName: { label: 'User name' }, password: { label: 'Password', type: 'password' } },
      authorize: (credentials, request) =>
        told(async () => {
          const { from, userAgent, jar } = await visit(request.headers)
          const { userName, password } = credentials ?? {}
          const device = jar.get(deviceCookieName())?.value
          try {
            return await signedIn(
              jar,
              await logIn({ userName, password, from, userAgent, device }, { directory, sessionHours: env().SESSION_HOURS, refusalMs }),
            )
          } catch (error) {
            if (!(error instanceof SecondFactorNeeded)) throw error
            jar.set(halfCookieName(), error.half, halfCookie())
            throw new Error(secondFactorAsked)
          }
        }),
    }),
    CredentialsProvider({
      id: 'second-factor',
      name: 'Second factor',
      credentials: { code: { label: 'Code' }, passkey: { label: 'Passkey' } },
      authorize: (credentials, request) =>
        told(async () => {
          const { from, userAgent, jar } = await visit(request.headers)
          const [half, device] = [halfCookieName(), deviceCookieName()].map((name) => jar.get(name)?.value)
          const done = await finishLogin(
            { half, code: credentials?.code, passkey: credentials?.passkey, from, userAgent, device },
            { sessionHours: env().SESSION_HOURS, refusalMs },
          )
          jar.delete({ name: halfCookieName(), path: halfCookie().path })
          return signedIn(jar, done)
        }),
    }),
  ],
  callbacks: {
    jwt: ({ token, user }) => (user ? { sid: user.id } : { sid: token.sid }),
    session: ({ session }) => ({ expires: session.expires }),
  },
  events: {
    signOut: async ({ token }) => {
      if (typeof token?.sid === 'string') await closeSession(token.sid, addressOf(await headers()) ?? undefined)
    },
  },
})
