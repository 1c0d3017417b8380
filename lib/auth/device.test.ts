import { expect, test } from 'vitest'
import { deviceAfter, knownDevice } from './device'

process.env.AUTH_SECRET ??= 'a secret of the tests that is long enough'
process.env.DATABASE_URL ??= 'postgres://unused'

test('a browser is known for who signed in with it, and for nobody else', () => {
  const cookie = deviceAfter(undefined, 'dana')
  expect(knownDevice(cookie, 'dana')).toMatch(/^[0-9a-f]{32}$/)
  expect(knownDevice(cookie, 'admin')).toBeNull()
  expect(cookie).not.toContain('dana')
})

test('a browser stays known for five people, keeps its number, and forgets the one who was away longest', () => {
  const people = ['a', 'b', 'c', 'd', 'e', 'f']
  const cookie = people.reduce<string | undefined>(deviceAfter, undefined)!
  expect(people.filter((name) => knownDevice(cookie, name) !== null)).toEqual(['b', 'c', 'd', 'e', 'f'])
  expect(knownDevice(deviceAfter(cookie, 'b'), 'b')).toBe(knownDevice(cookie, 'b'))
})

test('a number that a client chose is known for nobody, so it gets no count of its own', () => {
  const cookie = deviceAfter(undefined, 'dana')
  const proof = cookie.split('.')[1]
  for (const forged of [
    `${'0'.repeat(32)}.${proof}`,
    `${cookie.split('.')[0]}.${'A'.repeat(22)}`,
    '',
    'x',
    `${cookie}.`,
    cookie.repeat(200),
  ])
    expect(knownDevice(forged, 'dana')).toBeNull()
})
