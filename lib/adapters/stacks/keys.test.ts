import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { describe, isPair, makeAuthority, makeServerCertificate, newSecret } from './keys'

test('a server’s certificate is signed by the cluster’s authority, holds its name and address, and does not outlive the authority', () => {
  const now = new Date('2030-01-01T00:00:00Z')
  const authority = makeAuthority('shop', now)
  const own = makeServerCertificate({ name: 'db1', address: '10.0.0.1' }, 99_999, authority, { now })
  const [certificate, signer] = [new X509Certificate(own.certificate), new X509Certificate(authority.certificate)]
  expect(certificate.verify(signer.publicKey)).toBe(true)
  expect(certificate.subjectAltName).toBe('DNS:db1, DNS:localhost, IP Address:10.0.0.1, IP Address:127.0.0.1')
  expect([isPair(own), isPair(authority), isPair({ ...own, privateKey: authority.privateKey })]).toEqual([true, true, false])
  expect(describe(own.certificate).validUntil.getTime()).toBeLessThanOrEqual(describe(authority.certificate).validUntil.getTime())
  expect(certificate.serialNumber).not.toBe(signer.serialNumber)
  // One that looks for the issuer by its name among several authorities finds the right one.
  expect(certificate.issuer).toBe(signer.subject)
  expect(new X509Certificate(makeAuthority('shop', now).certificate).subject).not.toBe(signer.subject)
})

test('a password is 32 letters and digits, and no two are the same', () => {
  const made = Array.from({ length: 50 }, newSecret)
  for (const one of made) expect(one).toMatch(/^[A-Za-z0-9]{32}$/)
  expect(new Set(made).size).toBe(made.length)
})
