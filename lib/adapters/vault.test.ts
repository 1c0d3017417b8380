import { randomBytes } from 'node:crypto'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
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
