import { expect, test } from 'vitest'
import { isInUse } from './account'

const now = Date.UTC(2026, 0, 1)
const filetime = (ms: number) => String(BigInt(ms - Date.UTC(1601, 0, 1)) * 10_000n)
const used = (attributes: Record<string, string | undefined>) => isInUse((name) => [attributes[name] ?? []].flat(), now)

test('an account that its directory disabled, locked for good or let expire is not in use', () => {
  for (const gone of [
    { pwdAccountLockedTime: '000001010000Z' },
    { nsAccountLock: 'TRUE' },
    { nsAccountLock: 'true' },
    { userAccountControl: '514' },
    { userAccountControl: '66050' },
    { accountExpires: filetime(now - 1) },
  ])
    expect(used(gone), JSON.stringify(gone)).toBe(false)
})

test('an account in good standing, or locked for some minutes by wrong passwords, is in use', () => {
  for (const fine of [
    {},
    { pwdAccountLockedTime: '20260101000000Z' },
    { nsAccountLock: 'false' },
    { userAccountControl: '512' },
    { userAccountControl: '66048' },
    { accountExpires: '0' },
    { accountExpires: '9223372036854775807' },
    { accountExpires: filetime(now + 60_000) },
  ])
    expect(used(fine), JSON.stringify(fine)).toBe(true)
})
