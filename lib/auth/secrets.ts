import { createHash, randomInt, timingSafeEqual } from 'node:crypto'

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const random = (length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')

/** `mat`: an API token. `matenrol`: an enrolment key. `mathost`: a host's own token. */
export type SecretKind = 'mat' | 'matenrol' | 'mathost'

/** `kind_prefix_secret`; 36 letters of 62 are 214 bits. Only the SHA-256 of the whole is ever kept: it is random, so it needs no salt. */
export const makeSecret = (kind: SecretKind): { whole: string; prefix: string; hash: string } => {
  const prefix = random(8)
  const whole = `${kind}_${prefix}_${random(36)}`
  return { whole, prefix, hash: hashSecret(whole) }
}

export const hashSecret = (whole: string): string => createHash('sha256').update(whole).digest('hex')

/** Kind and prefix of what looks like one of our secrets; null: something else. */
export const readSecret = (whole: string): { kind: SecretKind; prefix: string } | null => {
  const match = /^(mat|matenrol|mathost)_([0-9A-Za-z]{8})_[0-9A-Za-z]{36}$/.exec(whole)
  return match ? { kind: match[1] as SecretKind, prefix: match[2]! } : null
}

/** Compares in constant time. */
export const isSameHash = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')]
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right)
}
