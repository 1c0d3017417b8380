import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { type CertificateBody, signed, toBeSigned } from '@/lib/domain/stack/x509'

/** A certificate and its private key, PEM. */
export interface KeyPair {
  certificate: string
  privateKey: string
}

const dayMs = 86_400_000
/** Clocks of hosts differ a little from ours. */
const backdatedMs = 3_600_000

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`

const make = (
  whose: Pick<CertificateBody, 'subject' | 'use'>,
  days: number,
  by: { subject: string; privateKey: string } | null,
  now: Date,
  privateKey?: string,
): KeyPair => {
  const own = privateKey === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : createPrivateKey(privateKey)
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  const body = toBeSigned({
    ...whose,
    serial,
    issuer: by?.subject ?? whose.subject,
    from: new Date(now.getTime() - backdatedMs),
    until: new Date(now.getTime() + days * dayMs),
    publicKey: createPublicKey(own).export({ type: 'spki', format: 'der' }),
  })
  const signer = by === null ? own : createPrivateKey(by.privateKey)
  return {
    certificate: pem(signed(body, sign('sha256', body, signer))),
    privateKey: own.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const authorityDays = 3650
/** No two of them have one name: OpenSSL looks for an issuer by its name, and takes the first of a bundle that has it. */
const authorityName = (cluster: string): string => `${cluster} cluster authority ${randomBytes(4).toString('hex')}`

export const makeAuthority = (cluster: string, now = new Date()): KeyPair =>
  make({ subject: authorityName(cluster), use: { kind: 'authority' } }, authorityDays, null, now)

const nameOf = (certificate: string): string => new X509Certificate(certificate).subject.replace(/^CN=/, '')

/** For a server by its name, its address, and as itself; never longer than its authority. `privateKey`: the one that it has already. */
export const makeServerCertificate = (
  { name, address }: { name: string; address: string },
  days: number,
  authority: KeyPair,
  { now = new Date(), privateKey }: { now?: Date; privateKey?: string } = {},
): KeyPair => {
  const left = Math.floor((new Date(describe(authority.certificate).validUntil).getTime() - now.getTime()) / dayMs)
  const use = { kind: 'server', names: [name, 'localhost'], addresses: [address, '127.0.0.1'] } as const
  return make(
    { subject: name, use },
    Math.min(days, left),
    { subject: nameOf(authority.certificate), privateKey: authority.privateKey },
    now,
    privateKey,
  )
}

/** 32 letters and digits: nothing that a configuration file, a URL or a shell reads otherwise. */
export const newSecret = (): string => randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x')

export const describe = (certificate: string): { fingerprint: string; validFrom: Date; validUntil: Date } => {
  const read = new X509Certificate(certificate)
  return { fingerprint: read.fingerprint256, validFrom: new Date(read.validFrom), validUntil: new Date(read.validTo) }
}

/** Whether that key belongs to that certificate. */
export const isPair = ({ certificate, privateKey }: KeyPair): boolean => {
  const own = createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' })
  return new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }) === own
}
