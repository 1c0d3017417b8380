import { addEnrolmentKey, type EnrolRequest, enrolHost, type NewEnrolmentKey } from '@/db/discovery/enrolment'
import { countAttempt } from '@/db/runs/attempts'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
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

/** Exchanges an enrolment key for the host's own token. Throws `auth.required`, `auth.throttled`, `record.conflict`. */
export const enrol = async (key: string, request: EnrolRequest, from: string | null): Promise<{ token: string; hostId: string }> => {
  try {
    if (readSecret(key)?.kind !== 'matenrol') throw new Fault('auth.required', { because: 'This is no enrolment key.' })
    const token = makeSecret('mathost')
    const { hostId } = await enrolHost(hashSecret(key), request, token.hash, from)
    return { token: token.whole, hostId }
  } catch (error) {
    if (isFault(error, 'auth.required')) await countAttempt([{ key: `enrol:${from ?? 'unknown'}`, ...keyLimit }])
    throw error
  }
}

/** SHA-256 of a host's token, to be looked for; null: this is no host token at all. */
export const hostTokenHash = (authorization: string | null | undefined): string | null => {
  const whole = bearerOf(authorization)
  return readSecret(whole)?.kind === 'mathost' ? hashSecret(whole) : null
}
