import { scryptSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { Fault } from '@/lib/kernel/ground/errors'
import { checkNewPassword, hashPassword, verifyPassword } from './password'

test('a password verifies against its own hash and no other does', async () => {
  const hash = await hashPassword('correct horse battery')
  expect(hash).toMatch(/^\$scrypt\$ln=16,r=8,p=1\$/)
  expect(hash).not.toContain('correct')
  expect(await verifyPassword('correct horse battery', hash)).toEqual({ ok: true, needsRehash: false })
  expect((await verifyPassword('correct horse batterz', hash)).ok).toBe(false)
  expect((await verifyPassword('', hash)).ok).toBe(false)
})

test('two hashes of one password differ', async () => {
  expect(await hashPassword('correct horse battery')).not.toBe(await hashPassword('correct horse battery'))
})

test('a hash with older parameters still verifies and asks to be renewed', async () => {
  const salt = Buffer.from('0123456789abcdef')
  const text = (b: Buffer) => b.toString('base64').replace(/=+$/, '')
  const old = `$scrypt$ln=12,r=8,p=1$${text(salt)}$${text(scryptSync('pässword of old', salt, 32, { N: 4096, r: 8, p: 1 }))}`
  expect(await verifyPassword('pässword of old', old)).toEqual({ ok: true, needsRehash: true })
  // The same letters composed another way are the same password.
  expect((await verifyPassword('pa\u0308ssword of old', old)).ok).toBe(true)
})

test('a hash that cannot be read, or asks for absurd work, never matches', async () => {
  for (const hash of ['', 'plain', '$scrypt$ln=30,r=8,p=1$AAAA$AAAA', '$argon2id$v=19$x$y']) {
    expect(await verifyPassword('whatever it is', hash)).toEqual({ ok: false, needsRehash: false })
  }
})

test('a new password that is short, huge, holds the user name or is tried first is refused with the field named', () => {
  for (const bad of [
    'short',
    'eleven chrs',
    Array.from({ length: 33 }, (_, n) => `w${n}.k`)
      .join('')
      .slice(0, 129),
    'my-otto-password',
    'Password1234!',
    'P@ssw0rd2026!!',
    'Welcome-to-Matriarch',
    'qwertyuiop123',
    '123456789012',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'changemechangeme',
    'Summer2026Winter2026',
  ]) {
    expect(() => checkNewPassword(bad, 'otto')).toThrow(Fault)
  }
  for (const good of [
    'long enough for all',
    'the first password',
    '839104726581',
    'kT7-vq2_LmZr09xa',
    'correct horse battery',
    'молоко и два яблока',
  ])
    expect(() => checkNewPassword(good, 'otto'), good).not.toThrow()
})

test('a password that was stolen often is refused, also in capitals and between numbers; a phrase of such words is not', () => {
  for (const stolen of ['sojdlg123aljg', 'polniypizdec0211', 'flvbybcnhfnjh', 'Elizabeth-2026', '#Manchester1999', 'ghjcnjgfhjkm'])
    expect(() => checkNewPassword(stolen, 'otto'), stolen).toThrow(Fault)
  for (const own of ['elizabeth eats manchester', 'napoleonic birds', 'montreal, wolfgang'])
    expect(() => checkNewPassword(own, 'otto'), own).not.toThrow()
})

test('64 characters are taken and 128 too, 129 are not; one of 200 that was set before still opens', async () => {
  const of = (length: number) => 'Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich. '.repeat(4).slice(0, length)
  for (const length of [64, 128]) expect(() => checkNewPassword(of(length), 'otto')).not.toThrow()
  expect(() => checkNewPassword(of(129), 'otto')).toThrow(Fault)
  expect((await verifyPassword(of(200), await hashPassword(of(200)))).ok).toBe(true)
})

test('more hashes at once than memory is meant for wait their turn and all finish', async () => {
  const hashes = await Promise.all(Array.from({ length: 9 }, () => hashPassword('correct horse battery')))
  expect(new Set(hashes).size).toBe(9)
})
