import { encode } from 'next-auth/jwt'
import { openSession } from '@/db/people/sessions'
import { inTransaction } from '@/db/pg/client'
import { sessionCookieName } from '@/lib/auth/options'

/** What seals the cookies of a console under test. */
export const secret = 'a secret of the tests that is long enough'
/** Where its pages come from. */
export const origin = 'http://console.test'

/** The environment of a console whose handlers run in this process. Its database is the one that the test has opened. */
export const setConsoleEnvironment = (): void => {
  process.env.AUTH_SECRET = secret
  process.env.DATABASE_URL = 'postgres://unused'
  process.env.MATRIARCH_URL = origin
}

export const sessionCookie = async (sessionId: string): Promise<string> =>
  `${sessionCookieName()}=${await encode({ token: { sid: sessionId }, secret, maxAge: 3600 })}`

/** Signs this person in for an hour. Gives what their browser then sends. */
export const signIn = async (personId: string): Promise<{ sessionId: string; cookie: string }> => {
  const sessionId = await inTransaction((tx) => openSession(tx, { personId, groups: [], from: null, userAgent: null, hours: 1 }))
  return { sessionId, cookie: await sessionCookie(sessionId) }
}
