import { expect, test } from 'vitest'
import { plainLogins } from './door'

test('of an auth_file only those can log in whose password stands there in plain text', () => {
  const file = [
    '"app" "secret" ""',
    '  "o""hara" "a""b"',
    `"old" "md5${'0f'.repeat(16)}"`,
    '"new" "SCRAM-SHA-256$4096:c2FsdA==$a:b"',
    '"none" ""',
    '; "off" "x"',
    '"broken"',
    '"md5er" "md5 is my password"',
  ].join('\n')
  expect(plainLogins(file)).toEqual([
    { user: 'app', password: 'secret' },
    { user: 'o"hara', password: 'a"b' },
    { user: 'md5er', password: 'md5 is my password' },
  ])
  expect(plainLogins('')).toEqual([])
})
