import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

/**
 * Secrets that one process may close and only another may open: X25519 with a key made for each secret, HKDF, AES-256-GCM. The web process has the
 * public half of the vault's key, and so can take a secret from a form without ever being able to read one.
 */
const version = 'b1'
const spki = { type: 'spki', format: 'der' } as const

/** PKCS #8 around 32 raw bytes of an X25519 key (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex')

export const boxKeyOf = (seed: Buffer): KeyObject => createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })

/** As it is published: base64 of the DER. */
export const publicHalf = (privateKey: KeyObject): string => createPublicKey(privateKey).export(spki).toString('base64')

const cipherKey = (own: KeyObject, other: KeyObject, ephemeral: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', diffieHellman({ privateKey: own, publicKey: other }), ephemeral, 'matriarch sealed box', 32))

const publicKeyFrom = (der: Buffer): KeyObject => createPublicKey({ key: der, ...spki })

/** `b1:<ephemeral key>:<nonce>:<tag>:<cipher text>`. `purpose` is bound to it: closed for one thing, it does not open for another. */
export const closeBox = (publicKey: string, secret: string, purpose: string): string => {
  const pair = generateKeyPairSync('x25519')
  const ephemeral = pair.publicKey.export(spki)
  const nonce = randomBytes(12)
  const cipher = createCipheriv(
    'aes-256-gcm',
    cipherKey(pair.privateKey, publicKeyFrom(Buffer.from(publicKey, 'base64')), ephemeral),
    nonce,
  )
  cipher.setAAD(Buffer.from(`${version}:${purpose}`))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return [version, ...[ephemeral, nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64'))].join(':')
}

export const isBox = (sealed: string): boolean => sealed.startsWith(`${version}:`)

/** Throws when the key is another one, the purpose differs or the text was changed. */
export const openBox = (privateKey: KeyObject, sealed: string, purpose: string): string => {
  const [ephemeral, nonce, tag, text] = sealed
    .split(':')
    .slice(1)
    .map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer, Buffer, Buffer]
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(privateKey, publicKeyFrom(ephemeral), ephemeral), nonce, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(`${version}:${purpose}`))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
}
