import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import ssh2 from 'ssh2'
import { Fault } from '@/lib/kernel/ground/errors'
import { boxKeyOf, isBox, openBox, publicHalf } from '@/lib/kernel/ground/sealed-box'

export interface Vault {
  /** Text at rest: `v1:<key id>:<nonce>:<tag>:<cipher text>`. `purpose` is bound to it: sealed for one thing, it does not open for another. */
  seal: (secret: string, purpose: string) => string
  /** Throws Fault `internal.bug` with the reason when the key is another one, the purpose differs or the text was changed. */
  open: (sealed: string, purpose: string) => string
  /** What others close secrets with that only this vault opens. */
  publicKey: string
  /** Whether a secret is sealed with, or closed for, the key that this vault seals with. Throws as `open` does, where no key of it opens the secret. */
  isCurrent: (sealed: string, purpose: string) => boolean
}

const version = 'v1'

/**
 * AES-256-GCM. `key`: 32 bytes in base64. `other`: a second one that opens secrets too, while the one replaces the other. Throws RangeError when they are not.
 */
export const makeVault = (key: string, other?: string): Vault => {
  const vault = vaultOf(key)
  if (other === undefined) return vault
  const second = vaultOf(other)
  const isOurs = (sealed: string, purpose: string): boolean => {
    if (!isBox(sealed)) return sealed.split(':')[1] !== second.keyId
    // A box does not say which key it was closed for.
    try {
      vault.open(sealed, purpose)
      return true
    } catch {
      return false
    }
  }
  return {
    ...vault,
    open: (sealed, purpose) => (isOurs(sealed, purpose) ? vault : second).open(sealed, purpose),
    isCurrent: (sealed, purpose) => {
      const isCurrent = isOurs(sealed, purpose)
      ;(isCurrent ? vault : second).open(sealed, purpose)
      return isCurrent
    },
  }
}

const vaultOf = (key: string): Vault & { keyId: string } => {
  const secretKey = Buffer.from(key, 'base64')
  if (secretKey.length !== 32) throw new RangeError('The vault key must be 32 bytes in base64.')
  // Names the key without telling anything of it.
  const keyId = createHash('sha256').update('matriarch vault key id').update(secretKey).digest('hex').slice(0, 12)
  const boxKey = boxKeyOf(Buffer.from(hkdfSync('sha256', secretKey, '', 'matriarch sealed box key', 32)))
  const open = (sealed: string, purpose: string): string => {
    if (isBox(sealed)) return openWith(() => openBox(boxKey, sealed, purpose))
    const [sealedVersion, sealedKeyId, ...parts] = sealed.split(':')
    if (sealedVersion !== version || parts.length !== 3)
      throw new Fault('internal.bug', { because: 'A sealed secret is not in a known form.' })
    if (sealedKeyId !== keyId)
      throw new Fault('internal.bug', {
        because: `A secret was sealed with another vault key (${sealedKeyId}) than VAULT_KEY (${keyId}). Restore the old key, or enter the secret again.`,
      })
    const [nonce, tag, text] = parts.map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer, Buffer]
    try {
      const decipher = createDecipheriv('aes-256-gcm', secretKey, nonce, { authTagLength: 16 })
      decipher.setAAD(Buffer.from(`${version}:${keyId}:${purpose}`))
      decipher.setAuthTag(tag)
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw new Fault('internal.bug', { because: 'A sealed secret was changed, or belongs to another field.' }, { cause })
    }
  }
  return {
    keyId,
    publicKey: publicHalf(boxKey),
    open,
    isCurrent: (sealed, purpose) => open(sealed, purpose) !== undefined,
    seal: (secret, purpose) => {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', secretKey, nonce)
      cipher.setAAD(Buffer.from(`${version}:${keyId}:${purpose}`))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return [version, keyId, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64'))].join(':')
    },
  }
}

const openWith = (open: () => string): string => {
  try {
    return open()
  } catch (cause) {
    throw new Fault(
      'internal.bug',
      {
        because:
          'A secret cannot be opened: it was sealed with another VAULT_KEY or for another field. Enter it again, or restore the old key.',
      },
      { cause },
    )
  }
}

/** An ed25519 key pair in OpenSSH's own formats; the comment stands behind the public key. About one in 200 that ssh2 makes it cannot read itself. */
export const makeSshKey = (comment: string): { publicKey: string; privateKey: string } => {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
  if (ssh2.utils.parseKey(pair.private) instanceof Error) return makeSshKey(comment)
  return { publicKey: pair.public.trim(), privateKey: pair.private }
}
