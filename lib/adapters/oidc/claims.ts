import { Fault } from '@/lib/kernel/ground/errors'
import { foldUserName } from '@/lib/kernel/ground/user-name'
import type { DirectoryPerson } from '@/lib/ports/directory'

export interface ClaimOptions {
  /** The claim that holds the user name. */
  userClaim: string
  /** The claim that holds the groups: a list of texts, or one text. */
  groupsClaim: string
  /** Put before each group, so that a grant to a directory's group is none to the provider's. */
  groupPrefix: string
  /** What says that more than a password was given: `mfa` in `amr`, or a value of `acr`. Empty: nothing does. */
  strong: readonly string[]
}

type Claims = Readonly<Record<string, unknown>>

const groupsMax = 1_000
const lengthMax = 300

/** null: no text of a sensible length. */
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= lengthMax ? value : null

/** null: the provider does not say. Longer ones than anybody grants to are left out. */
export const groupsOf = (claims: Claims, { groupsClaim, groupPrefix }: ClaimOptions): string[] | null => {
  const value = claims[groupsClaim]
  if (value === undefined || value === null) return null
  const all = (Array.isArray(value) ? value : [value]).map(textOf).filter((one) => one !== null)
  return [...new Set(all.map((one) => `${groupPrefix}${one}`.toLowerCase()))].slice(0, groupsMax)
}

/** Throws `auth.rejected` where the provider gives no name that can be one here. */
export const asPerson = (claims: Claims, options: ClaimOptions): DirectoryPerson => {
  const userName = foldUserName(textOf(claims[options.userClaim]) ?? '')
  if (userName === null)
    throw new Fault('auth.rejected', { because: `The identity provider gives you no user name in the claim ${options.userClaim}.` })
  return {
    userName,
    fullName: textOf(claims.name) ?? '',
    email: textOf(claims.email) ?? '',
    groups: groupsOf(claims, options) ?? [],
  }
}

export const isStrong = ({ amr, acr }: Claims, { strong }: ClaimOptions): boolean =>
  strong.some((one) => (one === 'mfa' && Array.isArray(amr) && amr.includes('mfa')) || (typeof acr === 'string' && acr === one))
