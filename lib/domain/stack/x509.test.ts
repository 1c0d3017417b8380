import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { addressBytes, type CertificateBody, signed, toBeSigned } from './x509'

const make = (own: Omit<CertificateBody, 'serial' | 'publicKey'>, pair = generateKeyPairSync('ec', { namedCurve: 'P-256' }), by = pair) => {
  const body = toBeSigned({ ...own, serial: randomBytes(16), publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }) })
  return { pair, certificate: new X509Certificate(signed(body, sign('sha256', body, by.privateKey))) }
}
const [from, until] = [new Date('2026-01-01T00:00:00Z'), new Date('2051-06-01T12:30:00Z')]

test('an authority and the certificate that it signs are read by others as they were meant', () => {
  const authority = make({ issuer: 'shop authority', subject: 'shop authority', from, until, use: { kind: 'authority' } })
  expect(authority.certificate.ca).toBe(true)
  expect(authority.certificate.verify(authority.pair.publicKey)).toBe(true)
  const use = { kind: 'server', names: ['db1', 'localhost'], addresses: ['10.0.0.1', 'fd00::1'] } as const
  const { certificate } = make({ issuer: 'shop authority', subject: 'db1', from, until, use }, undefined, authority.pair)
  expect(certificate.verify(authority.pair.publicKey)).toBe(true)
  expect(certificate.checkIssued(authority.certificate)).toBe(true)
  expect(certificate.ca).toBe(false)
  expect(certificate.subjectAltName).toBe('DNS:db1, DNS:localhost, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1')
  expect([certificate.checkIP('10.0.0.1'), certificate.checkIP('10.0.0.2')]).toEqual(['10.0.0.1', undefined])
  expect([certificate.validFrom, certificate.validTo].map((at) => new Date(at))).toEqual([from, until])
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
})

test('what is no IP address is refused', () => {
  for (const wrong of ['db1', '10.0.0.256', '1:2:3', '::1::', '']) expect(() => addressBytes(wrong)).toThrow(RangeError)
  expect([...addressBytes('::1')]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
})
