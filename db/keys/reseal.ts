import { getTableColumns, getTableName } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { systemActor } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { isBox } from '@/lib/kernel/ground/sealed-box'
import { resources } from '@/lib/resources'
import { databaseFault, getPool, inTransaction } from '../pg/client'
import { quote } from '../pg/resource-table'
import { publishedSealingKey, publishSealingKey, secretPurpose } from '../records/sealing-key'
import { writeAudit } from '../trail/audit'
import type { KeySealer } from './console-keys'

/** A vault that opens what either key sealed, and seals with the new one. */
export interface Resealer extends KeySealer {
  publicKey: string
  isCurrent: (sealed: string, purpose: string) => boolean
}

/** Where secrets lie sealed. `purpose` is text of SQL, for it may name the row. */
export interface SealedPlace {
  /** As people read it. */
  name: string
  table: string
  /** Expression that gives the sealed text, and what assigns `$2` to it. */
  sealed: string
  assign: string
  /** Tells the row again. */
  key: string
  purpose: string
  /** Workers alone seal it: a box, which anybody who reads the database can close, stays one, and is known by that. */
  isOwn?: boolean
}

const column = (table: string, name: string, purpose: string): SealedPlace => ({
  name: `${table}.${name}`,
  table,
  sealed: quote(name),
  assign: `${quote(name)} = $2`,
  key: 'id::text',
  purpose,
})

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Of the forms: each secret is bound to its resource and field. */
const ofResources = (): SealedPlace[] =>
  resources.flatMap((resource) => {
    const columns = getTableColumns(resource.keptIn) as Record<string, PgColumn>
    return Object.values(resource.fields).flatMap((spec) =>
      spec.kind === 'secret'
        ? [column(getTableName(resource.keptIn), columns[spec.sealedIn]!.name, literal(secretPurpose(resource.name, spec.sealedIn)))]
        : [],
    )
  })

/** Every place where this console keeps what a vault sealed. */
export const sealedPlaces = (): SealedPlace[] => {
  const signing = literal(secretPurpose('subscription', 'sealedSigning'))
  return [
    { ...column('console_keys', 'sealed_private_key', `'console-key:' || environment_id`), isOwn: true },
    {
      name: 'settings: certificate-key',
      table: 'settings',
      sealed: `case when name = 'certificate-key' then value->>'sealedPrivateKey' end`,
      assign: `value = jsonb_set(value, '{sealedPrivateKey}', to_jsonb($2::text))`,
      key: 'name',
      purpose: literal('certificate-key'),
      isOwn: true,
    },
    { ...column('authorities', 'sealed_key', "'stack-key:' || stack_id || ':' || regexp_replace(server, '^next ', '')"), isOwn: true },
    { ...column('launch_keys', 'sealed', "'launch-keys:' || blueprint_id"), key: 'blueprint_id::text', isOwn: true },
    {
      ...column('stack_secrets', 'sealed', "'stack-secret:' || stack_id || ':' || name"),
      key: "stack_id || ':' || name",
      isOwn: true,
    },
    column('subscriptions', 'sealed_signing', signing),
    column('subscriptions', 'sealed_previous_signing', signing),
    ...ofResources(),
  ]
}

export interface Resealed {
  /** How many were sealed anew now. */
  resealed: number
  /** How many were sealed with the new key already. */
  current: number
  /** Those that neither key opens: place and row, and why. */
  lost: string[]
  /** Somebody published another key to close secrets with meanwhile: a worker that does not seal with the new one yet. */
  isContested: boolean
}

const roundsMax = 10

/**
 * Seals anew, with the vault's own key, what another key sealed: one row at a time, and only where it is still as it was read, so that it may be interrupted,
 * run again, and run beside workers that have both keys. Throws `database.down`.
 */
export const resealAll = async (vault: Resealer): Promise<Resealed> => {
  const found: Resealed = { resealed: 0, current: 0, lost: [], isContested: false }
  try {
    // From here on web processes close secrets for the new key; those that read the old one a moment ago are found in a further round.
    await publishSealingKey(vault.publicKey)
    for (let round = 0; round < roundsMax; round++) {
      found.current = 0
      found.lost = []
      let more = 0
      for (const place of sealedPlaces()) more += await resealPlace(vault, place, found)
      found.resealed += more
      if (more === 0) break
    }
    found.isContested = (await publishedSealingKey()) !== vault.publicKey
    await inTransaction((tx) =>
      writeAudit(tx, systemActor, {
        act: 'vault.reseal',
        title: 'secrets at rest',
        detail: { resealed: found.resealed, current: found.current, lost: found.lost.length },
      }),
    )
    return found
  } catch (error) {
    throw databaseFault(error)
  }
}

const resealPlace = async (vault: Resealer, place: SealedPlace, found: Resealed): Promise<number> => {
  const { table, sealed, assign, key, purpose, name } = place
  const { rows } = await getPool().query<{ key: string; sealed: string; purpose: string }>(
    `select ${key} as key, ${sealed} as sealed, ${purpose} as purpose from ${quote(table)} where coalesce(${sealed}, '') <> '' order by 1`,
  )
  let resealed = 0
  for (const row of rows) {
    if (place.isOwn && isBox(row.sealed)) {
      found.lost.push(`${name}, ${row.key}: no worker sealed it; somebody replaced it.`)
      continue
    }
    try {
      if (vault.isCurrent(row.sealed, row.purpose)) {
        found.current++
        continue
      }
    } catch (error) {
      if (!isFault(error)) throw error
      found.lost.push(`${name}, ${row.key}: ${error.facts.because ?? error.message}`)
      continue
    }
    const { rowCount } = await getPool().query(`update ${quote(table)} set ${assign} where ${key} = $1 and ${sealed} = $3`, [
      row.key,
      vault.seal(vault.open(row.sealed, row.purpose), row.purpose),
      row.sealed,
    ])
    // Else somebody saved another secret there meanwhile: the next round looks at it.
    resealed += rowCount ?? 0
  }
  return resealed
}
