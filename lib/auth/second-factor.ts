import { encode } from 'uqr'
import { beginFactor, begunFactor, confirmFactor, renewCodes, seedsOf, takeCode, takeStep } from '@/db/people/factors'
import { inTransaction } from '@/db/pg/client'
import { countAttempt, forgetAttempts } from '@/db/runs/attempts'
import { writeAudit } from '@/db/trail/audit'
import { env } from '@/lib/env'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { factorName } from './factor-name'
import { provesPasskey } from './passkeys'
import { hashOfRecoveryCode, newRecoveryCodes, newSeed, openSeed, sealSeed, stepOfCode, uriOfSeed } from './totp'

export interface NewFactor {
  id: string
  /** For who types it instead of scanning: base32 in groups of four. */
  key: string
  /** The QR code as the `d` of an SVG path, on a square of `size` modules with its quiet zone. */
  path: string
  size: number
}

const quietModules = 2
/** Of one person: who has the password must not try all million codes. */
const limitOf = (personId: string) => ({ key: `factor:${personId}`, free: 5, waitSecondsMax: 300 })

/** A seed for an authenticator app, to be confirmed by its first code. Throws `input.invalid`, `access.denied`. */
export const beginAuthenticator = async (actor: Actor, name: unknown): Promise<NewFactor> => {
  const called = factorName(name)
  const [id, seed] = [crypto.randomUUID(), newSeed()]
  await beginFactor(actor, { id, name: called, secret: sealSeed(seed, actor.personId ?? '') })
  const { data, size } = encode(uriOfSeed(seed, `${actor.name} at ${new URL(env().MATRIARCH_URL).host}`), { border: quietModules })
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return { id, key: seed.match(/.{1,4}/g)!.join(' '), path, size }
}

/** Its first code: from now on it is asked for. Answers with the recovery codes where it is the first factor, shown this once. Throws `input.invalid`, `record.missing`, `auth.throttled`, `auth.proof`. */
export const confirmAuthenticator = async (actor: Actor, id: string, code: unknown): Promise<string[] | null> => {
  const seed = openSeed(await begunFactor(actor, id), actor.personId ?? '')
  const limit = limitOf(actor.personId!)
  await countAttempt([limit])
  const step = seed === null ? null : stepOfCode(seed, typed(code), new Date())
  if (step === null)
    throw new Fault('input.invalid', { fields: [{ path: 'code', message: 'is wrong. Is the clock of the device right?' }] })
  await forgetAttempts([limit.key])
  const codes = newRecoveryCodes()
  return (await confirmFactor(actor, id, step, codes.map(hashed))) ? codes : null
}

/** In the place of those there were; shown this once. */
export const renewRecoveryCodes = async (actor: Actor): Promise<string[]> => {
  const codes = newRecoveryCodes()
  await renewCodes(actor, codes.map(hashed))
  return codes
}

const hashed = (code: string): string => hashOfRecoveryCode(code)!

const typed = (code: unknown): string => (typeof code === 'string' && code.length <= 100 ? code.replaceAll(/\s/g, '') : '')

/** A code of an authenticator app or a recovery code; or what a passkey signed, and who was asked for it (`askedOfSession`, `askedOfHalf`). */
export interface GivenFactor {
  code?: unknown
  passkey?: unknown
  asked: string
}

export type ProvedBy = 'authenticator' | 'recovery code' | 'passkey'

/**
 * By what the person has proved a second factor; null: by nothing, or it was used before. Five tries are free, then each waits longer. A wrong one leaves an
 * audit line. Throws `auth.throttled`.
 */
export const provesFactor = async (actor: Actor, personId: string, given: GivenFactor): Promise<ProvedBy | null> => {
  const limit = limitOf(personId)
  await countAttempt([limit])
  const found = await factorOf(actor, personId, given)
  if (found === null) {
    const entry = { act: 'login.factor-refused', resource: 'person' as const, objectId: personId, title: actor.name }
    await inTransaction((tx) => writeAudit(tx, { ...actor, isProofStale: false }, entry))
    return null
  }
  await forgetAttempts([limit.key])
  return found
}

const factorOf = async (actor: Actor, personId: string, { code, passkey, asked }: GivenFactor): Promise<ProvedBy | null> => {
  if (passkey !== undefined) return (await provesPasskey(asked, personId, passkey)) ? 'passkey' : null
  const now = new Date()
  const bare = typed(code)
  for (const { id, secret } of await seedsOf(personId)) {
    const seed = openSeed(secret, personId)
    const step = seed === null ? null : stepOfCode(seed, bare, now)
    if (step !== null) return (await takeStep(id, step)) ? 'authenticator' : null
  }
  const hash = hashOfRecoveryCode(bare)
  return hash !== null && (await takeCode(actor, personId, hash)) ? 'recovery code' : null
}
