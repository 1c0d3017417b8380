import { randomBytes } from 'node:crypto'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { closeBox } from '@/lib/kernel/ground/sealed-box'
import { makeSshKey, makeVault } from './vault'

const key = () => randomBytes(32).toString('base64')

test('a sealed secret opens with the same key and purpose, and never looks alike twice', () => {
  const vault = makeVault(key())
  const sealed = vault.seal('ein Geheimnis 🐘', 'console-key:default')
  expect(sealed).not.toContain('Geheimnis')
  expect(vault.seal('ein Geheimnis 🐘', 'console-key:default')).not.toBe(sealed)
  expect(vault.open(sealed, 'console-key:default')).toBe('ein Geheimnis 🐘')
})

test('another key, another purpose, a changed byte or a shortened tag do not open it', () => {
  const vault = makeVault(key())
  const sealed = vault.seal('secret', 'a')
  expect(() => makeVault(key()).open(sealed, 'a')).toThrow('another vault key')
  expect(() => vault.open(sealed, 'b')).toThrow()
  const parts = sealed.split(':')
  for (const index of [2, 3, 4]) {
    const bytes = Buffer.from(parts[index]!, 'base64')
    bytes[0]! ^= 1
    expect(() => vault.open(parts.with(index, bytes.toString('base64')).join(':'), 'a')).toThrow()
  }
  const tag = Buffer.from(parts[3]!, 'base64').subarray(0, 4).toString('base64')
  expect(() => vault.open(parts.with(3, tag).join(':'), 'a')).toThrow()
  expect(() => vault.open('rubbish', 'a')).toThrow()
})

test('with a second key it opens what either sealed or was closed for, says which is its own, and seals with the first alone', () => {
  const [one, two] = [key(), key()]
  const [first, second] = [makeVault(one), makeVault(two)]
  const both = makeVault(one, two)
  for (const [secret, isCurrent] of [
    [first.seal('x', 'p'), true],
    [closeBox(first.publicKey, 'x', 'p'), true],
    [second.seal('x', 'p'), false],
    [closeBox(second.publicKey, 'x', 'p'), false],
  ] as const) {
    expect(both.open(secret, 'p')).toBe('x')
    expect(both.isCurrent(secret, 'p')).toBe(isCurrent)
    expect(() => both.open(secret, 'q')).toThrow()
    expect(() => both.isCurrent(secret, 'q')).toThrow()
  }
  expect(first.open(both.seal('y', 'p'), 'p')).toBe('y')
  expect(both.publicKey).toBe(first.publicKey)
  const stranger = makeVault(key())
  for (const secret of [stranger.seal('x', 'p'), closeBox(stranger.publicKey, 'x', 'p')]) expect(() => both.open(secret, 'p')).toThrow()
})

test('a key of the wrong length is refused', () => {
  expect(() => makeVault('c2hvcnQ=')).toThrow('32 bytes')
})

test('a console key is ed25519 in OpenSSH’s formats', () => {
  const { publicKey, privateKey } = makeSshKey('matriarch prod')
  expect(publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ matriarch prod$/)
  const parsed = ssh2.utils.parseKey(privateKey)
  expect(parsed).not.toBeInstanceOf(Error)
})

test('every console key can be read again', () => {
  const unreadable = Array.from({ length: 1000 }, () => makeSshKey('any')).filter(
    ({ privateKey }) => ssh2.utils.parseKey(privateKey) instanceof Error,
  )
  expect(unreadable).toEqual([])
})
