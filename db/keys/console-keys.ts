import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'

/** How the console's private keys are closed and opened: the worker's vault. The web process has none and can only read public keys. */
export interface KeySealer {
  seal: (secret: string, purpose: string) => string
  open: (sealed: string, purpose: string) => string
}

export type MakeKey = () => { publicKey: string; privateKey: string }

/** `next`: made to replace the current key, and used for nothing but finding out which hosts accept it. */
export type KeyState = 'current' | 'next'

interface KeyRow {
  public_key: string
  sealed_private_key: string
}

/** What a key is sealed for; the same for the next one, which becomes the current one. */
export const purposeOf = (environmentId: string) => `console-key:${environmentId}`

/** The public keys that the hosts of this environment must accept; null: a worker has not made it yet, or there is none. */
export const consolePublicKeys = async (environmentId: string): Promise<Record<KeyState, string | null>> => {
  const { rows } = await query<{ state: KeyState; publicKey: string }>(
    'select state, public_key as "publicKey" from console_keys where environment_id = $1',
    [environmentId],
  )
  const keyIn = (state: KeyState) => rows.find((row) => row.state === state)?.publicKey || null
  return { current: keyIn('current'), next: keyIn('next') }
}

/** The private key of this environment and of no other, in OpenSSH format; made when there is none. Throws `record.missing` for an environment that does not exist. */
export const consolePrivateKey = async (environmentId: string, sealer: KeySealer, makeKey: MakeKey): Promise<string> => {
  const row = (await findKey(environmentId, 'current')) ?? (await addConsoleKey(environmentId, sealer, makeKey()))
  return sealer.open(row.sealed_private_key, purposeOf(environmentId))
}

/** Makes a key for every environment that has none. Returns the public half of each environment's, by the environment's name. */
export const ensureConsoleKeys = async (sealer: KeySealer, makeKey: MakeKey): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await query<{ id: string; name: string; publicKey: string | null }>(
    `select e.id, e.name, k.public_key as "publicKey"
      from environments e left join console_keys k on k.environment_id = e.id and k.state = 'current' order by e.name`,
    [],
  )
  const keys = new Map<string, string>()
  for (const { id, name, publicKey } of rows) keys.set(name, publicKey ?? (await addConsoleKey(id, sealer, makeKey())).public_key)
  return keys
}

/** Stores the key of an environment. The first one stored stays: another worker's key wins over ours. */
export const addConsoleKey = async (
  environmentId: string,
  sealer: KeySealer,
  key: { publicKey: string; privateKey: string },
): Promise<KeyRow> => {
  await query(
    `insert into console_keys (environment_id, state, public_key, sealed_private_key)
      select id, 'current', $2, $3 from environments where id = $1 on conflict do nothing`,
    [environmentId, key.publicKey, sealer.seal(key.privateKey, purposeOf(environmentId))],
  )
  const row = await findKey(environmentId, 'current')
  if (!row) throw new Fault('record.missing', { because: 'The environment is not registered any more: it has no SSH key.' })
  return row
}

const findKey = async (environmentId: string, state: KeyState): Promise<KeyRow | undefined> =>
  (
    await query<KeyRow>('select public_key, sealed_private_key from console_keys where environment_id = $1 and state = $2', [
      environmentId,
      state,
    ])
  ).rows[0]

const query = async <Row extends object>(text: string, values: unknown[]) => {
  try {
    return await getPool().query<Row>(text, values)
  } catch (error) {
    throw databaseFault(error)
  }
}
