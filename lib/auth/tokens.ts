import { addToken, type NewToken } from '@/db/people/tokens'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { makeSecret } from './secrets'

const dayMs = 86_400_000
const defaultDays = 90

/** When a token ends that somebody wants to end then. `given` undefined: they did not say; null: never. Throws `input.invalid` where it would live longer than TOKEN_DAYS. */
export const endOfToken = (given: Date | null | undefined, longestDays = env().TOKEN_DAYS): Date | null => {
  if (given === undefined) return new Date(Date.now() + Math.min(defaultDays, longestDays || defaultDays) * dayMs)
  // An hour for a form that lay open.
  if (longestDays === 0 || (given !== null && given.getTime() <= Date.now() + longestDays * dayMs + 3_600_000)) return given
  throw new Fault('input.invalid', {
    fields: [{ path: 'expiresAt', message: `must be within ${longestDays} days: that is how long a token lives here at most` }],
  })
}

/** Makes a token for the person who is signed in. `token` is shown once: only its hash is kept. */
export const createToken = async (actor: Actor, wanted: NewToken): Promise<{ id: string; token: string }> => {
  const secret = makeSecret('mat')
  const { id } = await addToken(actor, wanted, secret)
  return { id, token: secret.whole }
}
