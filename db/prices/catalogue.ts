import { assemble, type ListKind, type PriceList } from '@/lib/domain/prices/assemble'
import type { Catalogue } from '@/lib/domain/prices/catalogue'
import { sampleCatalogue } from '@/lib/domain/prices/sample'
import { type Actor, allowance } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { databaseFault, getPool } from '../pg/client'

export interface PricedAccount {
  id: string
  name: string
  environmentId: string
  regions: string[]
}

export interface AccountPrices {
  /** null: no account in reach; the prices are the sample's. */
  account: PricedAccount | null
  /** All in reach, by name. */
  accounts: PricedAccount[]
  catalogue: Catalogue
  /** What could not be read the last time, and why. */
  missing: { region: string; kind: ListKind; because: string }[]
}

interface Row extends PricedAccount {
  version: string | null
}

/** Assembling is the dear part: kept for the accounts asked about last, until one of their lists is another. */
const kept = new Map<string, { version: string; catalogue: Catalogue }>()
const keptMax = 4
let sample: Catalogue | null = null

/**
 * Prices as the account knows them whose id is given, or else the first in reach. Throws `access.denied` for who may see no machines, `record.missing` for an
 * account out of reach, `database.down`.
 */
export const accountPrices = async (actor: Actor, accountId: string | null): Promise<AccountPrices> => {
  const allowed = allowance(actor, 'machine.view')
  if (allowed === 'none') throw new Fault('access.denied')
  const reach = allowance(actor, 'cloud-account.view')
  const rows = reach === 'none' ? [] : await accountsIn(reach === 'all' ? null : reach.environmentIds)
  const accounts = rows.map(({ id, name, environmentId, regions }) => ({ id, name, environmentId, regions }))
  const row = accountId === null ? rows[0] : rows.find(({ id }) => id === accountId)
  if (row === undefined) {
    if (accountId !== null) throw new Fault('record.missing', { because: 'There is no such cloud account.', id: accountId })
    sample ??= sampleCatalogue()
    return { account: null, accounts, catalogue: sample, missing: [] }
  }
  const account = accounts[rows.indexOf(row)]!
  const [catalogue, missing] = await Promise.all([catalogueOf(row), missingOf(row)])
  return { account, accounts, catalogue, missing }
}

const ask = async <Found extends object>(text: string, values: unknown[]): Promise<Found[]> => {
  try {
    return (await getPool().query<Found>(text, values)).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** $1 environments in reach; null: all. */
const accountsIn = (environments: readonly string[] | null): Promise<Row[]> =>
  ask<Row>(
    `select a.id, a.name, a.environment_id as "environmentId", a.regions,
       (select count(*) || ' ' || max(l.read_at)::text from price_lists l where l.account_id = a.id and l.content is not null) as version
     from cloud_accounts a where $1::uuid[] is null or a.environment_id = any($1) order by lower(a.name), a.id`,
    [environments],
  )

const catalogueOf = async ({ id, regions, version }: Row): Promise<Catalogue> => {
  const wanted = `${version} ${regions.join()}`
  const held = kept.get(id)
  kept.delete(id)
  if (held?.version === wanted) {
    kept.set(id, held)
    return held.catalogue
  }
  const lists = await ask<PriceList & { asOf: Date | string }>(
    `select region, kind, source, coalesce(as_of, read_at) as "asOf", content from price_lists where account_id = $1 and content is not null`,
    [id],
  )
  const catalogue = assemble(
    regions,
    lists.map((list) => ({ ...list, asOf: new Date(list.asOf).toISOString() })),
  )
  kept.set(id, { version: wanted, catalogue })
  for (const [other] of [...kept].slice(0, -keptMax)) kept.delete(other)
  return catalogue
}

const missingOf = ({ id, regions }: Row): Promise<AccountPrices['missing']> =>
  ask(
    `select region, kind, because from price_lists where account_id = $1 and because is not null and region = any($2) order by region, kind`,
    [id, regions],
  )
