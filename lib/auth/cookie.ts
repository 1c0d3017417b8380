import { decode, encode } from 'next-auth/jwt'
import { authSecret, env } from '@/lib/env'
import { sessionCookieName } from './options'

/** Cookies already opened, so that a page with twenty requests unseals its cookie once. What it is worth is asked of the database each time. */
const opened = new Map<string, string>()
const openedMax = 2_000

/** The session id sealed in the cookie's value; null: not ours, or older than the longest login. */
const open = async (value: string): Promise<string | null> => {
  const known = opened.get(value)
  if (known !== undefined) return known
  const token = await decode({ token: value, secret: authSecret() }).catch(() => null)
  if (typeof token?.sid !== 'string') return null
  if (opened.size >= openedMax) opened.delete(opened.keys().next().value!)
  opened.set(value, token.sid)
  return token.sid
}

/** The value of the cookie that carries a session's id, as next-auth seals it. */
export const sealSessionId = (sessionId: string): Promise<string> =>
  encode({ token: { sid: sessionId }, secret: authSecret(), maxAge: env().SESSION_HOURS * 3600 })

/** The session id of a request's cookies; null: none, or not sealed by us. */
export const sessionIdOf = async (cookie: (name: string) => string | undefined): Promise<string | null> => {
  const value = cookie(sessionCookieName())
  return value ? open(value) : null
}

/** One cookie out of a `Cookie` header. */
export const cookieOf = (header: string | null, name: string): string | undefined => {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return decoded(pair.slice(at + 1).trim())
  }
  return undefined
}

/** undefined: nothing that a browser of ours would send. */
const decoded = (value: string): string | undefined => {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
