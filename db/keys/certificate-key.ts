import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { CertificateKeys } from '@/lib/kernel/ground/certificate'
import { Fault } from '@/lib/kernel/ground/errors'
import { isBox } from '@/lib/kernel/ground/sealed-box'
import { databaseFault, getPool } from '../pg/client'
import type { KeySealer } from './console-keys'

const setting = 'certificate-key'
const purpose = 'certificate-key'
/** Why the key in the database is not used. */
export const keyReplaced = 'The console’s signing key in the database is not the one that its workers made: somebody replaced it.'

interface Kept {
  publicKey: string
  sealedPrivateKey: string
}

const read = async (): Promise<Kept | null> => {
  try {
    const { rows } = await getPool().query<{ value: Kept }>('select value from settings where name = $1', [setting])
    return rows[0]?.value ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The console's key for certificates, which the first worker makes. The first one stored stays. */
export const certificateKeys = async (sealer: KeySealer, makeKeys: () => CertificateKeys): Promise<CertificateKeys> => {
  let kept = await read()
  if (kept === null) {
    const made = makeKeys()
    const value: Kept = { publicKey: made.publicKey, sealedPrivateKey: sealer.seal(made.privateKey, purpose) }
    try {
      await getPool().query('insert into settings (name, value) values ($1, $2) on conflict (name) do nothing', [setting, value])
    } catch (error) {
      throw databaseFault(error)
    }
    kept = (await read())!
  }
  // A box can be closed by anybody who reads the database: only what the vault sealed itself is the console's own.
  if (isBox(kept.sealedPrivateKey)) throw new Fault('internal.bug', { because: keyReplaced })
  const privateKey = sealer.open(kept.sealedPrivateKey, purpose)
  const publicKey = createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString()
  if (publicKey !== kept.publicKey) throw new Fault('internal.bug', { because: keyReplaced })
  return { publicKey, privateKey }
}

/** PEM; null while no worker has made one. Nothing secret. */
export const certificatePublicKey = async (): Promise<string | null> => (await read())?.publicKey ?? null
