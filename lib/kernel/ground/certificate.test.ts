import { createPrivateKey, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { provenMove } from '@/lib/domain/proof/certificate.fixture'
import { checkCertificate, keyIdOf, makeCertificateKeys, signCertificate } from './certificate'
import { canonicalJson, type Json } from './json'

const keys = makeCertificateKeys()
const issuedAt = '2026-11-21T09:01:00.000Z'
const made = signCertificate(provenMove(), issuedAt, keys)
const file = Buffer.from(made.document)
const parts = () =>
  JSON.parse(made.document) as { certificate: { verdict: Json; evidence: { herd: string } }; signature: Record<string, string> }

test('what was signed is valid for its key, with the verdict inside, and refused for another key', () => {
  expect(checkCertificate(file, keyIdOf(keys.publicKey))).toMatchObject({
    isValid: true,
    isKnownKey: true,
    certificate: { issuedAt, verdict: { kind: 'proven' }, evidence: { herd: 'shop' } },
  })
  expect(checkCertificate(file, null)).toMatchObject({ isValid: true, isKnownKey: null, keyId: made.keyId })
  expect(checkCertificate(file, keyIdOf(makeCertificateKeys().publicKey))).toMatchObject({
    isValid: false,
    because: expect.stringContaining('another key'),
  })
})

test('no byte of it can be changed, added or left out', () => {
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file)
    changed[at] = changed[at]! ^ (1 + (at % 7))
    expect(checkCertificate(changed, null).isValid, `byte ${at}`).toBe(false)
  }
  expect(checkCertificate(file.subarray(0, -1), null).isValid).toBe(false)
  expect(checkCertificate(Buffer.concat([file, Buffer.from(' ')]), null).isValid).toBe(false)
  expect(checkCertificate(Buffer.concat([Buffer.from('\uFEFF'), file]), null).isValid).toBe(false)
  expect(checkCertificate(Buffer.from(JSON.stringify(parts(), null, 2)), null).isValid, 'written anew').toBe(false)
  for (const junk of ['', '{}', 'null', '[]', 'certificate']) expect(checkCertificate(Buffer.from(junk), null).isValid).toBe(false)
})

test('a verdict that does not follow from its evidence is refused, even signed by the right key', () => {
  const lost = signCertificate(provenMove({ after: null }), issuedAt, keys)
  expect(lost.certificate.verdict.kind).toBe('not-provable')
  const forged = { ...lost.certificate, verdict: made.certificate.verdict }
  const resigned = signedBy(forged as unknown as Json)
  expect(checkCertificate(Buffer.from(resigned), made.keyId)).toMatchObject({
    isValid: false,
    because: 'Its verdict does not follow from its evidence.',
  })
})

test('a certificate signed by somebody else’s key is told from the console’s by the key alone', () => {
  const other = signCertificate(provenMove(), issuedAt, makeCertificateKeys())
  expect(checkCertificate(Buffer.from(other.document), made.keyId).isValid).toBe(false)
  const swapped = parts()
  swapped.signature.publicKey = JSON.parse(other.document).signature.publicKey
  expect(checkCertificate(Buffer.from(`${canonicalJson(swapped as unknown as Json)}\n`), null).isValid).toBe(false)
})

/** As the console would sign, for a certificate of one's own making. */
const signedBy = (certificate: Json): string => {
  const { signature } = parts()
  const value = sign(
    null,
    Buffer.from(`matriarch certificate v2\n${canonicalJson(certificate)}`),
    createPrivateKey(keys.privateKey),
  ).toString('base64')
  return `${canonicalJson({ certificate, signature: { ...signature, value } })}\n`
}
