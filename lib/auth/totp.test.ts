import { beforeAll, describe, expect, test } from 'vitest'
import { codeAt, hashOfRecoveryCode, newRecoveryCodes, newSeed, openSeed, sealSeed, stepOfCode, uriOfSeed } from './totp'

beforeAll(() => {
  process.env.AUTH_SECRET = 'a secret of the tests that is long enough'
  process.env.DATABASE_URL = 'postgres://unused'
})

/** RFC 6238, appendix B: the seed of SHA-1, `12345678901234567890`, and its codes, of which six digits are shown. */
const rfcSeed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

describe('codes of an authenticator app', () => {
  test('are those of RFC 6238', () => {
    const seen = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000].map((seconds) =>
      codeAt(rfcSeed, new Date(seconds * 1000)),
    )
    expect(seen).toEqual(['287082', '081804', '050471', '005924', '279037', '353130'])
  })

  test('count in their own half minute, the one before and the one after, and in no other', () => {
    const [seed, now] = [newSeed(), new Date('2026-11-23T09:00:10Z')]
    const step = Math.floor(now.getTime() / 30_000)
    const given = (seconds: number) => stepOfCode(seed, codeAt(seed, new Date(now.getTime() + seconds * 1000)), now)
    expect([-30, 0, 30].map(given)).toEqual([step - 1, step, step + 1])
    expect([-300, -90, 90, 300].map(given)).toEqual([null, null, null, null])
  })

  test.each(['', '12345', '1234567', 'abcdef', '12 345', '１２３４５６'])('“%s” is none', (code) => {
    expect(stepOfCode(rfcSeed, code, new Date(59_000))).toBeNull()
  })

  test('a seed has 160 bits, is never the same, and says who it is of to the app', () => {
    expect(newSeed()).toMatch(/^[A-Z2-7]{32}$/)
    expect(newSeed()).not.toBe(newSeed())
    expect(uriOfSeed(rfcSeed, 'ada at console.test')).toBe(
      `otpauth://totp/Matriarch:ada%20at%20console.test?issuer=Matriarch&secret=${rfcSeed}&algorithm=SHA1&digits=6&period=30`,
    )
  })

  test('as it is kept a seed opens for its person alone, and for no other secret of the console', () => {
    const sealed = sealSeed(rfcSeed, 'ada')
    expect(sealed).not.toContain(rfcSeed)
    expect([openSeed(sealed, 'ada'), openSeed(sealed, 'bob'), openSeed('x', 'ada')]).toEqual([rfcSeed, null, null])
  })
})

test('recovery codes are ten, all different, and are known however they are typed', () => {
  const codes = newRecoveryCodes()
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^([2-9a-hjkmnp-z]{4}-){3}[2-9a-hjkmnp-z]{4}$/)
  const [code] = codes as [string]
  const hash = hashOfRecoveryCode(code)
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(hashOfRecoveryCode(` ${code.toUpperCase().replaceAll('-', ' ')} `)).toBe(hash)
  for (const wrong of ['', '123456', code.slice(1), `${code}x`, code.replace(/^./, '0')]) expect(hashOfRecoveryCode(wrong)).toBeNull()
})
