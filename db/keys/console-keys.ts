import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'

/** How the console's private keys are closed and opened: the worker's vault. The web process has none and can only read public keys. */
export interface KeySealer {
  seal: (secret: string, purpose: string) => string
  open: (sealed: string, purpose: string) => string
}

interface KeyRow {
  id: string
  environment_id: string | null
  public_key: string
  sealed_private_key: string
}

const purposeOf = (environmentId: string | null) => `console-key:${environmentId ?? 'default'}`

/** The public key that a server of this environment must accept; null while no worker has made one. */
export const consolePublicKey = async (environmentId: string | null): Promise<string | null> =>
  (await findKey(environmentId))?.public_key ?? null

/** The private key for an environment, in OpenSSH format: its own, or the default one, which is made when there is none. */
export const consolePrivateKey = async (
  environmentId: string | null,
  sealer: KeySealer,
  makeKey: () => { publicKey: string; privateKey: string },
): Promise<string> => {
  const row = (await findKey(environmentId)) ?? (await addConsoleKey(null, sealer, makeKey()))
  return sealer.open(row.sealed_private_key, purposeOf(row.environment_id))
}

/** Makes sure that there is a default key. Returns its public half. */
export const ensureConsoleKey = async (sealer: KeySealer, makeKey: () => { publicKey: string; privateKey: string }): Promise<string> =>
  ((await findKey(null)) ?? (await addConsoleKey(null, sealer, makeKey()))).public_key

/** Stores a key for an environment (null: the default). The first one stored stays: another worker's key wins over ours. */
export const addConsoleKey = async (
  environmentId: string | null,
  sealer: KeySealer,
  key: { publicKey: string; privateKey: string },
): Promise<KeyRow> => {
  try {
    await getPool().query(
      'insert into console_keys (environment_id, public_key, sealed_private_key) values ($1, $2, $3) on conflict do nothing',
      [environmentId, key.publicKey, sealer.seal(key.privateKey, purposeOf(environmentId))],
    )
  } catch (error) {
    throw databaseFault(error)
  }
  const row = await findKey(environmentId)
  if (!row) throw new Fault('internal.bug', { because: 'The console’s key was stored and cannot be found.' })
  return row
}

const findKey = async (environmentId: string | null): Promise<KeyRow | undefined> => {
  try {
    const { rows } = await getPool().query<KeyRow>(
      `select id, environment_id, public_key, sealed_private_key from console_keys
       where environment_id = $1 or environment_id is null order by environment_id nulls last limit 1`,
      [environmentId],
    )
    return rows[0]
  } catch (error) {
    throw databaseFault(error)
  }
}
