import { livePerson } from '@/db/people/sessions'
import { tokenByPrefix } from '@/db/people/tokens'
import { countAttempt } from '@/db/runs/attempts'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'
import { narrowed } from '@/lib/kernel/access/narrow'
import { Fault } from '@/lib/kernel/ground/errors'
import { addressOf, networkOf } from './address'
import { cookieOf, sessionIdOf } from './cookie'
import { noteBadToken } from './refusals'
import { lacksFactor } from './required-factor'
import { hashSecret, isSameHash, readSecret } from './secrets'

const tokenLimit = { free: 20, waitSecondsMax: 300 }

/** Who calls the API: a bearer token, or the session cookie of a browser on our own pages. Throws `auth.required`, `auth.throttled`. */
export const actorOfRequest = async (request: Request): Promise<Actor> => {
  const authorization = request.headers.get('authorization')
  const actor = authorization === null ? await actorOfCookie(request) : await actorOfToken(authorization, addressOf(request.headers))
  if (actor === null) throw new Fault('auth.required')
  return actor
}

/** Of an Authorization header. Throws `auth.required`, `auth.throttled`. */
export const actorOfToken = async (authorization: string, from: string | null): Promise<Actor> => {
  const whole = /^bearer +(\S+)$/i.exec(authorization.trim())?.[1] ?? ''
  const secret = readSecret(whole)
  const holder = secret?.kind === 'mat' ? await tokenByPrefix(secret.prefix) : null
  if (holder === null || !isSameHash(holder.hash, hashSecret(whole))) {
    const refused = new Fault('auth.required', { because: 'This token is not valid: unknown, expired or revoked.' })
    try {
      // Only failures are counted, so a busy script with a good token is never slowed.
      await countAttempt([{ key: `token:${networkOf(from)}`, ...tokenLimit }])
    } catch (error) {
      await noteBadToken('token', secret?.prefix ?? null, from, error)
      throw error
    }
    await noteBadToken('token', secret?.prefix ?? null, from, refused)
    throw refused
  }
  return {
    kind: 'token',
    personId: holder.personId,
    tokenId: holder.id,
    name: `${holder.userName} (token ${holder.name})`,
    grants: narrowed(holder.ownerGrants, holder.scope),
    from: from ?? undefined,
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Browsers say where a request came from; a page of another site cannot unsay it. */
const isSameOrigin = (request: Request): boolean => {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin'
  const origin = request.headers.get('origin')
  if (origin === null || !URL.canParse(origin)) return false
  return origin === new URL(env().MATRIARCH_URL).origin || new URL(origin).host === request.headers.get('host')
}

const actorOfCookie = async (request: Request): Promise<Actor | null> => {
  const sessionId = await sessionIdOf((name) => cookieOf(request.headers.get('cookie'), name))
  const person = sessionId && (await livePerson(sessionId, env().SESSION_IDLE_MINUTES))
  if (!person) return null
  if (!safeMethods.has(request.method) && !isSameOrigin(request))
    throw new Fault('access.denied', {
      because: 'A change with a login cookie is only taken from the console’s own pages. Scripts use a token.',
    })
  if (lacksFactor(person))
    throw new Fault('access.denied', { because: 'This console requires a second factor of you. Add one on your permissions page.' })
  return {
    kind: 'person',
    personId: person.personId,
    sessionId: person.sessionId,
    name: person.userName,
    grants: person.grants,
    isProofStale: person.isProofStale,
    from: addressOf(request.headers) ?? undefined,
  }
}
