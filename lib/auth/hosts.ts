import { addEnrolmentKey, type EnrolRequest, enrolHost, isHostToken, type NewEnrolmentKey } from '@/db/discovery/enrolment'
import { countAttempt } from '@/db/runs/attempts'
import type { Actor } from '@/lib/kernel/access/access'
import type { TokenRefusal } from '@/lib/kernel/access/host-token'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { networkOf } from './address'
import { noteBadToken } from './refusals'
import { hashSecret, makeSecret, readSecret } from './secrets'

const keyLimit = { free: 20, waitSecondsMax: 300 }

/** Makes a key that hosts of one environment enrol with. `key` is shown once: only its hash is kept. */
export const createEnrolmentKey = async (actor: Actor, wanted: NewEnrolmentKey): Promise<{ id: string; key: string }> => {
  const secret = makeSecret('matenrol')
  const { id } = await addEnrolmentKey(actor, wanted, secret)
  return { id, key: secret.whole }
}

/** The secret of `Authorization: Bearer …`, or of a bare header value; empty when there is none. */
export const bearerOf = (authorization: string | null | undefined): string =>
  /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1] ?? ''

/** Exchanges an enrolment key for the host's own token. `waits`: it speaks for the host once a person has accepted it. Throws `auth.required`, `auth.throttled`, `record.conflict`. */
export const enrol = async (
  key: string,
  request: EnrolRequest,
  from: string | null,
): Promise<{ token: string; hostId: string; waits: boolean }> => {
  try {
    if (readSecret(key)?.kind !== 'matenrol') throw new Fault('auth.required', { because: 'This is no enrolment key.' })
    const token = makeSecret('mathost')
    const { hostId, waits } = await enrolHost(hashSecret(key), request, token.hash, from)
    return { token: token.whole, hostId, waits }
  } catch (error) {
    const shown = readSecret(key)?.prefix ?? null
    if (isFault(error, 'auth.required')) {
      await countAttempt([{ key: `enrol:${networkOf(from)}`, ...keyLimit }]).catch(async (throttled: unknown) => {
        await noteBadToken('enrolment-key', shown, from, throttled)
        throw throttled
      })
      await noteBadToken('enrolment-key', shown, from, error)
    }
    throw error
  }
}

const unknownToken = () =>
  new Fault('auth.required', { because: 'This host token is not valid: unknown or revoked. Enrol the host again.' })

/** Hashes of tokens that were valid lately, so that a report of a known host costs no question more. Storing it looks whether the token still is. */
const valid = new Set<string>()
const validMax = 50_000
/** Questions under way: reports of one host that come at once wait for the same answer, and go on in the order they came. */
const asked = new Map<string, Promise<boolean>>()
/** By network, until when a further unknown token is refused without being counted: a flood must not keep the database busy counting it. */
const refusedUntil = new Map<string, number>()

/**
 * SHA-256 of a host's token that is valid, or was a moment ago. `from`: the sender's address. Only unknown tokens are counted, so a good host beside a bad
 * one is never slowed. Throws `auth.required`, `auth.throttled`.
 */
export const hostTokenHash = async (authorization: string | null | undefined, from: string | null): Promise<string> => {
  const whole = bearerOf(authorization)
  if (readSecret(whole)?.kind !== 'mathost')
    throw new Fault('auth.required', { because: 'A report needs the host’s own token; enrol first.' })
  const hash = hashSecret(whole)
  if (valid.has(hash)) return hash
  if (!(await isValid(hash))) {
    await countUnknown(networkOf(from), () => noteBadToken('host-token', readSecret(whole)?.prefix ?? null, from, unknownToken()))
    throw unknownToken()
  }
  if (valid.size >= validMax) valid.clear()
  valid.add(hash)
  return hash
}

const isValid = (hash: string): Promise<boolean> => {
  const running = asked.get(hash)
  if (running) return running
  const question = isHostToken(hash).finally(() => asked.delete(hash))
  asked.set(hash, question)
  return question
}

/** Storing found the token revoked or replaced, not accepted yet, or another host's. Throws `auth.required`, `access.denied`. */
export const refuseHost = (hash: string, refusal: TokenRefusal): never => {
  switch (refusal.outcome) {
    case 'token-unknown':
      valid.delete(hash)
      throw unknownToken()
    case 'token-waits':
      throw new Fault('access.denied', {
        because: `${refusal.hostname} was known when it enrolled again, so a person must accept its new token: in the console, Discovery.`,
      })
    case 'other-host':
      throw new Fault('access.denied', { because: `This token speaks for ${refusal.hostname} only.` })
  }
}

const countUnknown = async (network: string, note: () => Promise<void>): Promise<void> => {
  const waitMs = (refusedUntil.get(network) ?? 0) - performance.now()
  if (waitMs > 0) throw new Fault('auth.throttled', { retryAfterSeconds: Math.ceil(waitMs / 1_000) })
  refusedUntil.delete(network)
  try {
    await countAttempt([{ key: `host-token:${network}`, ...keyLimit }])
    await note()
  } catch (error) {
    if (refusedUntil.size >= validMax) refusedUntil.clear()
    if (isFault(error, 'auth.throttled')) refusedUntil.set(network, performance.now() + Number(error.facts.retryAfterSeconds) * 1_000)
    throw error
  }
}
