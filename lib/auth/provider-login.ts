import { decode, encode } from 'next-auth/jwt'
import { endProvidedLogins, identityOf, noteVouched, rememberIdentity } from '@/db/people/identities'
import { countAttempt, uncountAttempt } from '@/db/runs/attempts'
import { authSecret, env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { HeldQuestion, IdentityProvider } from '@/lib/ports/identity-provider'
import { admit, fromLimit, type LoginTry } from './login'
import { sealRefreshToken } from './refresh-identities'
import { noteBadLogin } from './refusals'
import { safePath } from './safe-path'

/** What the browser carries to the provider and back, sealed. */
interface Carried extends HeldQuestion {
  /** Where to go afterwards. */
  path: string
  /** Of the login that a fresh proof is for; null: this is a login. */
  sessionId: string | null
}

/** Longer than anybody takes to sign in there. */
export const questionMinutes = 10
const salt = 'matriarch identity provider'

/** Where the browser is to go, and the cookie that it is to bring back. `proof`: whose login asks for a fresh proof. Throws `auth.provider-down`. */
export const askProvider = async (
  provider: IdentityProvider,
  { path, proof }: { path: unknown; proof: Actor | null },
): Promise<{ address: string; cookie: string }> => {
  const { address, held } = await provider.ask({ isFresh: proof !== null })
  const carried: Carried = { ...held, path: safePath(path), sessionId: proof?.sessionId ?? null }
  return { address, cookie: await encode({ token: { ...carried }, secret: authSecret(), salt, maxAge: questionMinutes * 60 }) }
}

const opened = async (cookie: string | undefined): Promise<Carried> => {
  const token = cookie === undefined ? null : await decode({ token: cookie, secret: authSecret(), salt }).catch(() => null)
  if (typeof token?.state !== 'string')
    throw new Fault('auth.rejected', { because: 'That took too long, or began in another browser. Sign in again.' })
  return token as unknown as Carried
}

/** What became of the provider's answer. `path`: where to go now. */
export type Provided = { kind: 'login'; sessionId: string; path: string } | { kind: 'proof' }

/** What this browser went to the provider for; null: for nothing that we know. */
export const carriedBy = (cookie: string | undefined): Promise<Pick<Carried, 'path' | 'sessionId'> | null> =>
  opened(cookie).catch(() => null)

/**
 * The provider's answer to this browser: a login of its own, or a fresh proof in the one it has (`actor`). Answers that are refused count against their
 * address as wrong passwords do: each costs the provider a question. Throws `SecondFactorNeeded`, `auth.rejected`, `auth.throttled`, `auth.provider-down`,
 * `auth.required`.
 */
export const takeAnswer = async (
  provider: IdentityProvider,
  query: URLSearchParams,
  { cookie, actor, visit }: { cookie: string | undefined; actor: Actor | null; visit: Pick<LoginTry, 'from' | 'userAgent'> },
): Promise<Provided> => {
  const { path, sessionId, ...held } = await opened(cookie)
  const limits = [fromLimit(visit.from)]
  let isRefused = false
  try {
    await countAttempt(limits)
    const found = await provider.answer(query, held, { isFresh: sessionId !== null })
    if (sessionId !== null) {
      const identity = actor?.sessionId === sessionId && actor.personId ? await identityOf(actor.personId) : null
      if (identity === null) throw new Fault('auth.required')
      if (identity.issuer !== found.issuer || identity.subject !== found.subject)
        throw new Fault('auth.rejected', { because: 'Somebody else has signed in at the identity provider. Sign in there as yourself.' })
      await noteVouched(actor!, sessionId, found.isStrong)
      return { kind: 'proof' }
    }
    const { issuer, subject, person, refreshToken, sid, isStrong } = found
    const sealed = refreshToken && sealRefreshToken(refreshToken, found)
    const known = await rememberIdentity({ issuer, subject, person, refreshToken: sealed })
    const session = await admit(known, { groups: person.groups, providerSid: sid, isStrong }, visit, env().SESSION_HOURS)
    return { kind: 'login', sessionId: session, path }
  } catch (error) {
    isRefused = isFault(error, 'auth.rejected') || isFault(error, 'auth.throttled')
    if (isRefused) await noteBadLogin(null, visit.from, error)
    throw error
  } finally {
    if (!isRefused) await uncountAttempt(limits)
  }
}

/** Back-channel logout: ends the logins that ended there. Returns how many. Throws `input.invalid`, `auth.provider-down`. */
export const endFromProvider = async (provider: IdentityProvider, token: unknown): Promise<number> => {
  if (typeof token !== 'string' || token.length > 10_000)
    throw new Fault('input.invalid', { fields: [{ path: 'logout_token', message: 'is needed' }] })
  return endProvidedLogins(await provider.readLogout(token))
}
