import type { NextAuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { closeSession } from '@/db/people/sessions'
import { env } from '@/lib/env'
import { toFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import type { Directory } from '@/lib/ports/directory'
import { addressOf } from './address'
import { logIn } from './login'

const isSecure = () => env().MATRIARCH_URL.startsWith('https://')

/** Name of the cookie that carries the sealed session id. `__Secure-` behind https, so that a plain page cannot plant one. */
export const sessionCookieName = (): string => `${isSecure() ? '__Secure-' : ''}next-auth.session-token`

/**
 * The cookie carries the session's id and nothing else, sealed with AUTH_SECRET; what it is worth is decided by the `sessions` table at each
 * request. A refused login reaches the page as the fault's code in `error`.
 */
export const authOptions = (directory: Directory | null): NextAuthOptions => ({
  secret: env().AUTH_SECRET,
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
          const { sessionId, userName } = await logIn(
            {
              userName: credentials?.userName ?? '',
              password: credentials?.password ?? '',
              from: addressOf(headers),
              userAgent: headers.get('user-agent'),
            },
            { directory, sessionHours: env().SESSION_HOURS },
          )
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
      if (typeof token?.sid === 'string') await closeSession(token.sid)
    },
  },
})
