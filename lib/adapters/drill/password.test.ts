import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { newPassword, scramVerifier } from './password'

test('a verifier is the one that RFC 7677 computes: its server key signs the example of that document, and the password is not in it', () => {
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
  const verifier = scramVerifier('pencil', Buffer.from(salt, 'base64'))
  const [, stored, server] = /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$([^:]+):(.+)$/.exec(verifier)!
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const said = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt},i=4096,c=biws,r=${nonce}`
  expect(createHmac('sha256', Buffer.from(server!, 'base64')).update(said).digest('base64')).toBe(
    '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  )
  expect(Buffer.from(stored!, 'base64')).toHaveLength(32)
  expect(newPassword()).not.toBe(newPassword())
})
