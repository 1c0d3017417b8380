/** Attributes by which directories say that an account may not be used any more: OpenLDAP's ppolicy, 389 and FreeIPA, Active Directory. */
export const accountAttributes = ['pwdAccountLockedTime', 'nsAccountLock', 'userAccountControl', 'accountExpires'] as const

/** What ppolicy writes for an account that an administrator locked; any other value is the time of a lock by wrong passwords, which passes. */
const lockedForGood = '000001010000Z'
const accountDisable = 0x2
const windowsEpochMs = Date.UTC(1601, 0, 1)
const never = new Set(['0', '9223372036854775807'])

const isExpired = (value: string, nowMs: number): boolean =>
  /^\d+$/.test(value) && !never.has(value) && windowsEpochMs + Number(BigInt(value) / 10_000n) <= nowMs

/**
 * Whether a directory's entry is an account in use. One that is locked for some minutes after wrong passwords is: the directory itself refuses its logins
 * meanwhile, and a stranger who guesses must not be able to end what its owner has running.
 */
export const isInUse = (values: (attribute: string) => string[], nowMs: number): boolean =>
  !values('pwdAccountLockedTime').some((value) => value === lockedForGood) &&
  !values('nsAccountLock').some((value) => value.toLowerCase() === 'true') &&
  !values('userAccountControl').some((value) => (Number(value) & accountDisable) !== 0) &&
  !values('accountExpires').some((value) => isExpired(value, nowMs))
