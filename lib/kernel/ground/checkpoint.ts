import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { type CertificateKeys, keyIdOf } from './certificate'
import { canonicalJson, type Json, type JsonObject } from './json'

export const checkpointVersion = 1

/** What the console signs about its audit log: up to here the chain was as its head says. */
export interface Checkpoint {
  version: number
  /** Of the file that it stands in: a new file is a new trail. */
  trail: string
  /** 1 for the first of its trail, without a gap. */
  number: number
  /** ISO time. */
  at: string
  /** How many lines the audit log had. */
  lines: number
  /** Hash of the last of them; 64 zeros while there was none. */
  head: string
  /** SHA-256 of the document before it in its trail; 64 zeros for the first. */
  previous: string
}

/** Where a trail stands after the last of its checkpoints that were read. */
export interface Followed extends Checkpoint {
  keyId: string
  /** SHA-256 of its document: what the next one names. */
  hash: string
}

/** How the audit log contradicts what was signed about it. */
export interface AuditBreach {
  because: string
  /** First line that is known to differ; null: what was signed differs, not a line. */
  line: number | null
  /** ISO time at which the whole chain was last found intact; null: never. */
  intactAt: string | null
}

export type Follows = { ok: true; followed: Followed } | { ok: false; because: string }

/** What the first checkpoint of a trail, and the first line of the audit log, name as the hash before them. */
export const beforeFirst = '0'.repeat(64)
const algorithm = 'ed25519'

const messageOf = (checkpoint: Checkpoint): Buffer =>
  Buffer.from(`matriarch audit checkpoint v${checkpoint.version}\n${canonicalJson(checkpoint as unknown as Json)}`)

/** What the next checkpoint of a trail names as the one before it. */
export const documentHash = (document: string): string => createHash('sha256').update(document).digest('hex')

/** One line of canonical JSON: the checkpoint, the signature over it and the key that verifies it. It ends without a line break. */
export const signCheckpoint = (checkpoint: Checkpoint, keys: CertificateKeys): string => {
  const publicKey = createPublicKey(keys.publicKey)
  return canonicalJson({
    checkpoint: checkpoint as unknown as JsonObject,
    signature: {
      algorithm,
      keyId: keyIdOf(keys.publicKey),
      publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      value: sign(null, messageOf(checkpoint), createPrivateKey(keys.privateKey)).toString('base64'),
    },
  })
}

/** A checkpoint by itself, with the id of the key that signed it; null: its signature does not hold, or it is none. */
export const readCheckpoint = (document: string): Followed | null => {
  try {
    const { checkpoint, signature } = JSON.parse(document) as { checkpoint: Checkpoint; signature: Record<string, string> }
    if (canonicalJson(JSON.parse(document) as Json) !== document) return null
    if (checkpoint.version !== checkpointVersion || signature.algorithm !== algorithm) return null
    const key = createPublicKey({ key: Buffer.from(signature.publicKey!, 'base64'), type: 'spki', format: 'der' })
    const keyId = keyIdOf(key.export({ type: 'spki', format: 'pem' }).toString())
    if (keyId !== signature.keyId || !verify(null, messageOf(checkpoint), key, Buffer.from(signature.value!, 'base64'))) return null
    return { ...checkpoint, keyId, hash: documentHash(document) }
  } catch {
    return null
  }
}

/**
 * Whether a document is the next checkpoint of a trail (`before` null: its first). Each is signed by the key of the first, names the one before it, and
 * counts no fewer lines.
 */
export const followCheckpoint = (before: Followed | null, document: string): Follows => {
  const place = `Checkpoint ${(before?.number ?? 0) + 1}`
  const no = (because: string): Follows => ({ ok: false, because: `${place} ${because}` })
  const read = readCheckpoint(document)
  if (read === null) return no('was changed after it was signed, or is none.')
  if (read.number !== (before?.number ?? 0) + 1) return no(`is missing: number ${read.number} stands in its place.`)
  if (read.previous !== (before?.hash ?? beforeFirst)) return no('does not follow the one before it.')
  if (before === null) return { ok: true, followed: read }
  if (read.trail !== before.trail) return no('belongs to another trail.')
  if (read.keyId !== before.keyId) return no(`was signed by another key, ${read.keyId}, than those before it.`)
  if (read.lines < before.lines || (read.lines === before.lines && read.head !== before.head)) return no('contradicts the one before it.')
  return { ok: true, followed: read }
}
