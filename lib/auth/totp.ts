import { createHash, randomInt } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { sealedUnder } from './sealed'

/** What every authenticator app knows: RFC 6238 with SHA-1, six digits, thirty seconds. */
const [digits, periodSeconds] = [6, 30]
/** Steps before and after now: clocks of phones are seldom further off. */
const window = 1

const totpOf = (seed: string, label?: string): TOTP =>
  new TOTP({ issuer: 'Matriarch', label, algorithm: 'SHA1', digits, period: periodSeconds, secret: Secret.fromBase32(seed) })

/** 160 bits, in base32. */
export const newSeed = (): string => new Secret({ size: 20 }).base32

/** What an authenticator app scans. `label`: the person, and where they sign in. */
export const uriOfSeed = (seed: string, label: string): string => totpOf(seed, label).toString()

/** The time step that the code is of; null: of none that counts now. Each step is to be taken once. */
export const stepOfCode = (seed: string, code: string, at: Date): number | null => {
  const delta = /^\d{6}$/.test(code) ? totpOf(seed).validate({ token: code, timestamp: at.getTime(), window }) : null
  return delta === null ? null : Math.floor(at.getTime() / 1000 / periodSeconds) + delta
}

/** For tests and those who help people: the code of this moment. */
export const codeAt = (seed: string, at: Date): string => totpOf(seed).generate({ timestamp: at.getTime() })

const seeds = sealedUnder('matriarch seeds of second factors')
const purposeOf = (personId: string): string => `second factor of ${personId}`

/** As it is kept: bound to the person. */
export const sealSeed = (seed: string, personId: string): string => seeds.seal(seed, purposeOf(personId))

/** null: AUTH_SECRET is another one by now, or somebody changed it; then the factor proves nothing any more. */
export const openSeed = (sealed: string, personId: string): string | null => seeds.open(sealed, purposeOf(personId))

/** Without those that look alike. */
const letters = '23456789abcdefghjkmnpqrstuvwxyz'
const [groups, groupLength] = [4, 4]
export const recoveryCodes = 10

/** `abcd-efgh-jkmn-pqrs`: 79 bits. */
const newRecoveryCode = (): string =>
  Array.from({ length: groups }, () => Array.from({ length: groupLength }, () => letters[randomInt(letters.length)]).join('')).join('-')

export const newRecoveryCodes = (): string[] => Array.from({ length: recoveryCodes }, newRecoveryCode)

/** However it was typed; null: no code of that form. It is random, so its hash needs no salt. */
export const hashOfRecoveryCode = (typed: string): string | null => {
  const bare = typed.toLowerCase().replaceAll(/[\s-]/g, '')
  if (bare.length !== groups * groupLength || ![...bare].every((letter) => letters.includes(letter))) return null
  return createHash('sha256').update(`matriarch recovery code\n${bare}`).digest('hex')
}
