import type { CertificateKeys } from '@/lib/kernel/ground/certificate'
import { databaseFault, getPool } from '../pg/client'
import type { KeySealer } from './console-keys'

const setting = 'certificate-key'
const purpose = 'certificate-key'

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
  return { publicKey: kept.publicKey, privateKey: sealer.open(kept.sealedPrivateKey, purpose) }
}

/** PEM; null while no worker has made one. Nothing secret. */
export const certificatePublicKey = async (): Promise<string | null> => (await read())?.publicKey ?? null
