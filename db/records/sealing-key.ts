import { Fault } from '@/lib/kernel/ground/errors'
import { closeBox } from '@/lib/kernel/ground/sealed-box'
import type { Resource } from '@/lib/kernel/resource/resource'
import { databaseFault, getPool } from '../pg/client'
import type { Values } from './rules'

const setting = 'sealing-key'

/** What a field's secret is bound to when it is sealed: it does not open as another field's. */
export const secretPurpose = (resource: string, field: string): string => `${resource}.${field}`

/** Tells every web process with which key secrets are closed. The worker's vault alone opens them. */
export const publishSealingKey = async (publicKey: string): Promise<void> => {
  try {
    await getPool().query(
      `insert into settings (name, value) values ($1, to_jsonb($2::text))
       on conflict (name) do update set value = excluded.value, changed_at = now() where settings.value <> excluded.value`,
      [setting, publicKey],
    )
  } catch (error) {
    throw databaseFault(error)
  }
}

/** null: no worker has published it yet. */
export const publishedSealingKey = async (): Promise<string | null> => {
  const { rows } = await getPool()
    .query<{ value: string }>('select value from settings where name = $1', [setting])
    .catch((error: unknown) => {
      throw databaseFault(error)
    })
  return rows[0]?.value ?? null
}

const sealingKey = async (): Promise<string> => {
  const key = await publishedSealingKey()
  if (key === null)
    throw new Fault('worker.absent', {
      because: 'A secret can be saved only after a worker has run once: the worker publishes the key that seals secrets.',
    })
  return key
}

/** Closes a secret for the worker's vault. Throws `worker.absent` while no worker has published its key. */
export const sealFor = async (purpose: string, secret: string): Promise<string> => closeBox(await sealingKey(), secret, purpose)

/**
 * A form's values as columns: each secret that was given is closed into its own column, null empties it, and true (what readers are shown) leaves it.
 * Throws `worker.absent` while no worker has published its key.
 */
export const sealSecrets = async (resource: Resource, values: Values): Promise<Values> => {
  const columns: Values = {}
  for (const [name, value] of Object.entries(values)) {
    const spec = resource.fields[name]
    if (spec?.kind !== 'secret') columns[name] = value
    else if (typeof value === 'string') columns[spec.sealedIn] = await sealFor(secretPurpose(resource.name, spec.sealedIn), value)
    else if (value === null) columns[spec.sealedIn] = null
  }
  return columns
}

/** Whether each secret is set, as its readers see it, once `columns` are saved. */
export const secretsAfter = (resource: Resource, columns: Values): Values =>
  Object.fromEntries(
    Object.entries(resource.fields).flatMap(([name, spec]) =>
      spec.kind === 'secret' && spec.sealedIn in columns ? [[name, columns[spec.sealedIn] !== null]] : [],
    ),
  )
