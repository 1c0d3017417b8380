import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { judgeMove, type MoveEvidence, type MoveVerdict } from '@/lib/domain/proof/certificate'
import { type EvidenceV1, judgeV1 } from '@/lib/domain/proof/v1'
import { canonicalJson, isSameJson, type Json } from './json'

/** Of the certificates that are written now. */
export const certificateVersion = 2

/** What is signed: the evidence, and the verdict that follows from it by the rules of that version. */
export interface Certificate {
  version: number
  issuedAt: string
  evidence: MoveEvidence
  verdict: MoveVerdict
}

/** PEM; the private one is for the worker alone. */
export interface CertificateKeys {
  publicKey: string
  privateKey: string
}

export type Checked =
  | {
      isValid: true
      certificate: Certificate
      keyId: string
      publicKey: string /** null: there was nothing to compare it with. */
      isKnownKey: boolean | null
    }
  | {
      isValid: false
      because: string
      /** It names a version that this program does not know yet, so it is neither genuine nor forged here. */
      isLater: boolean
    }

const algorithm = 'ed25519'

/** The verdict without its sentences. */
const factsOf = ({ because: _because, ...facts }: MoveVerdict) => facts
const isText = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')

/**
 * Whether a verdict follows from its evidence, by version. A later version never changes what an earlier one answers: golden documents of each are verified in
 * `e2e/certificates`. Version 1 is held to its sentences; since version 2 they are what was said then, and may be worded otherwise now.
 */
const follows: ReadonlyMap<number, (given: Pick<Certificate, 'evidence' | 'verdict'>) => boolean> = new Map([
  [1, ({ evidence, verdict }) => isSameJson(judgeV1(evidence as EvidenceV1), verdict)],
  [2, ({ evidence, verdict }) => isText(verdict.because) && isSameJson(factsOf(judgeMove(evidence)), factsOf(verdict))],
])

export const makeCertificateKeys = (): CertificateKeys => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const derOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const idOfDer = (der: Buffer): string => `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`

/** `SHA256:…` of a public key in PEM: what people compare. */
export const keyIdOf = (publicKey: string): string => idOfDer(derOf(createPublicKey(publicKey)))

const messageOf = (certificate: Certificate): Buffer =>
  Buffer.from(`matriarch certificate v${certificate.version}\n${canonicalJson(certificate as unknown as Json)}`)

/** The file: one line of canonical JSON, which holds the certificate, the signature over it and the key that verifies it. */
export const signCertificate = (
  evidence: MoveEvidence,
  issuedAt: string,
  keys: CertificateKeys,
): { document: string; certificate: Certificate; keyId: string } => {
  // As it will be read back: what JSON does not know is gone before it is judged.
  const plain = JSON.parse(canonicalJson(evidence as unknown as Json)) as MoveEvidence
  const certificate: Certificate = { version: certificateVersion, issuedAt, evidence: plain, verdict: judgeMove(plain) }
  const der = derOf(createPublicKey(keys.publicKey))
  const signature = {
    algorithm,
    keyId: idOfDer(der),
    publicKey: der.toString('base64'),
    value: sign(null, messageOf(certificate), createPrivateKey(keys.privateKey)).toString('base64'),
  }
  return { document: `${canonicalJson({ certificate: certificate as unknown as Json, signature })}\n`, certificate, keyId: signature.keyId }
}

const broken = (because: string): Checked => ({ isValid: false, because, isLater: false })
const later = (version: number): Checked => ({
  isValid: false,
  because: `It says that it was written by a later version of Matriarch (certificate version ${version}; up to ${certificateVersion} is known here). Verify it with that version.`,
  isLater: true,
})

/**
 * Reads a certificate's file as if an enemy had written it: every byte must be the one that was signed, and the verdict the one that follows from the
 * evidence. What a later version wrote is neither believed nor called forged. `knownKeyId`: the id of the console's key, from elsewhere than the file;
 * without it only a change is found, not a forgery. Never throws.
 */
export const checkCertificate = (file: Uint8Array, knownKeyId: string | null): Checked => {
  let text: string
  let read: { certificate: Certificate; signature: { algorithm: string; keyId: string; publicKey: string; value: string } }
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file)
    read = JSON.parse(text)
    const version = read?.certificate?.version
    // First of all: a later version may write and sign otherwise.
    if (Number.isInteger(version) && version > certificateVersion) return later(version)
    if (`${canonicalJson(read as unknown as Json)}\n` !== text) return broken('It is not written as it was signed: a byte was changed.')
  } catch {
    return broken('It is no certificate: not JSON in UTF-8.')
  }
  try {
    const { certificate, signature } = read
    const isFollowing = follows.get(certificate.version)
    if (isFollowing === undefined) return broken(`Version ${certificate.version} is not understood here.`)
    const der = Buffer.from(signature.publicKey, 'base64')
    const value = Buffer.from(signature.value, 'base64')
    if (signature.algorithm !== algorithm || der.toString('base64') !== signature.publicKey || value.toString('base64') !== signature.value)
      return broken('Its signature is not in a known form.')
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' })
    if (key.asymmetricKeyType !== 'ed25519' || idOfDer(der) !== signature.keyId) return broken('Its key is not the one it names.')
    if (!verify(null, messageOf(certificate), key, value)) return broken('It was changed after it was signed.')
    if (!isFollowing(certificate)) return broken('Its verdict does not follow from its evidence.')
    const isKnownKey = knownKeyId === null ? null : knownKeyId === signature.keyId
    if (isKnownKey === false) return broken(`It was signed by another key than the one given: ${signature.keyId}.`)
    return {
      isValid: true,
      certificate,
      keyId: signature.keyId,
      publicKey: key.export({ type: 'spki', format: 'pem' }).toString(),
      isKnownKey,
    }
  } catch {
    return broken('It is no certificate of this console’s kind.')
  }
}
