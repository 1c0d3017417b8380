import { cookies, headers } from 'next/headers'
import type { NextAuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { closeSession } from '@/db/people/sessions'
import { authSecret, env } from '@/lib/env'
import { toFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import type { Directory } from '@/lib/ports/directory'
import { addressOf } from './address'
import { logIn } from './login'

const isSecure = () => env().MATRIARCH_URL.startsWith('https://')

/** Name of the cookie that carries the sealed session id. `__Secure-` behind https, so that a plain page cannot plant one. */
export const sessionCookieName = (): string => `${isSecure() ? '__Secure-' : ''}next-auth.session-token`

/** Longer than a wrong password takes to be found wrong, here or in a directory. */
const refusalMs = 600

/** By it a browser in which somebody signed in before is known at their next login; it opens nothing. */
const deviceCookieName = (): string => `${isSecure() ? '__Secure-' : ''}matriarch-device`
const deviceCookie = () => ({
  httpOnly: true,
  secure: isSecure(),
  sameSite: 'lax' as const,
  path: '/api/auth',
  maxAge: 400 * 24 * 3600,
})

/**
 * The cookie carries the session's id and nothing else, sealed with AUTH_SECRET; what it is worth is decided by the `sessions` table at each
 * request. A refused login reaches the page as the fault's code in `error`.
 */
export const authOptions = (directory: Directory | null): NextAuthOptions => ({
  secret: authSecret(),
  useSecureCookies: isSecure(),
  session: { strategy: 'jwt', maxAge: env().SESSION_HOURS * 3600 },
  pages: { signIn: '/login', signOut: '/login', error: '/login' },
  providers: [
    CredentialsProvider({
      name: 'Matriarch',
      credentials: { userName: { label: 'User name' }, password: { label: 'Password', type: 'password' } },
      authorize: async (credentials, request) => {
        try {
          const headers = new Headers(request.headers as Record<string, string>)
          const jar = await cookies()
          const { sessionId, userName, device } = await logIn(
            {
              userName: credentials?.userName,
              password: credentials?.password,
              from: addressOf(headers),
              userAgent: headers.get('user-agent'),
              device: jar.get(deviceCookieName())?.value,
            },
            { directory, sessionHours: env().SESSION_HOURS, refusalMs },
          )
          jar.set(deviceCookieName(), device, deviceCookie())
          return { id: sessionId, name: userName }
        } catch (error) {
          const fault = toFault(error)
          if (fault.code === 'internal.bug') logger().error({ err: fault.cause }, 'login failed')
          if (fault.code === 'auth.directory-down') logger().error({ err: fault }, 'the directory does not answer')
          // Where the directory is, is nothing for people who have not signed in.
          const because = fault.code === 'auth.directory-down' ? undefined : fault.facts.because
          throw new Error(because ? `${fault.code}: ${because}` : fault.code)
        }
      },
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
