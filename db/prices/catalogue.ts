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
  /** null: AWS's own. */
  endpoint: string | null
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
  version: string
  /** PostgreSQL's own text of when the newest list was read; null: none was. */
  newest: string | null
}

interface Kept {
  version: string
  newest: string | null
  lists: Map<string, PriceList>
  catalogue: Catalogue
}

/** Reading is the dear part: kept for the accounts asked about last; of those only lists that are newer are read again. */
const kept = new Map<string, Kept>()
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
  const accounts = rows.map(({ version: _version, newest: _newest, ...account }) => account)
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

/** As that account knows them, for a worker. Throws `record.missing`. */
export const pricesOfAccount = async (accountId: string): Promise<Catalogue> => {
  const row = (await accountsIn(null)).find(({ id }) => id === accountId)
  if (row === undefined) throw new Fault('record.missing', { because: 'The cloud account is not registered any more.', id: accountId })
  return catalogueOf(row)
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
    `select a.id, a.name, a.environment_id as "environmentId", nullif(a.endpoint, '') as endpoint, a.regions,
       l.newest, concat_ws(' ', l.lists, l.newest) as version
     from cloud_accounts a cross join lateral
       (select count(*) as lists, max(read_at)::text as newest from price_lists where account_id = a.id and content is not null) l
     where $1::uuid[] is null or a.environment_id = any($1) order by lower(a.name), a.id`,
    [environments],
  )

const catalogueOf = async ({ id, regions, version, newest }: Row): Promise<Catalogue> => {
  const wanted = `${version} ${regions.join()}`
  const held = kept.get(id)
  kept.delete(id)
  if (held?.version === wanted) {
    kept.set(id, held)
    return held.catalogue
  }
  const newer = await ask<PriceList & { asOf: Date | string }>(
    `select region, kind, source, coalesce(as_of, read_at) as "asOf", content from price_lists
     where account_id = $1 and content is not null and ($2::timestamptz is null or read_at > $2)`,
    [id, held?.newest ?? null],
  )
  const lists = new Map(held?.lists)
  for (const list of newer) lists.set(`${list.region} ${list.kind}`, { ...list, asOf: new Date(list.asOf).toISOString() })
  const catalogue = assemble(regions, [...lists.values()])
  kept.set(id, { version: wanted, newest, lists, catalogue })
  for (const [other] of [...kept].slice(0, -keptMax)) kept.delete(other)
  return catalogue
}

const missingOf = ({ id, regions }: Row): Promise<AccountPrices['missing']> =>
  ask(
    `select region, kind, because from price_lists where account_id = $1 and because is not null and region = any($2) order by region, kind`,
    [id, regions],
  )
