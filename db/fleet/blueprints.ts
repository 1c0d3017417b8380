import { type Blueprint, blueprintOf, requirementsOf } from '@/lib/domain/blueprints/blueprint'
import type { Catalogue } from '@/lib/domain/prices/catalogue'
import { choose, type ScoredOffer } from '@/lib/domain/prices/choose'
import { Fault } from '@/lib/kernel/ground/errors'
import type { BlueprintsRead, InventoryBlueprint, LaunchChoice } from '@/lib/ports'
import { databaseFault, getPool } from '../pg/client'
import { pricesOfAccount } from '../prices/catalogue'

const choicesMax = 5
const fallbacksMax = 3
/** In zones that the herd is in already. */
const nearMax = 2

const select = `select b.*, coalesce(b.expires_at <= clock_timestamp(), false) as is_expired, e.name as environment_name, a.name as account_name, h.name as herd_name, k.public_key as console_key,
    (select array_agg(distinct s.site) from instances i join servers s on s.id = i.server_id where i.herd_id = b.herd_id) as herd_sites
  from blueprints b join environments e on e.id = b.environment_id left join cloud_accounts a on a.id = b.account_id
    left join herds h on h.id = b.herd_id left join console_keys k on k.environment_id = b.environment_id and k.state = 'current'`

interface Row {
  id: string
  name: string
  environment_id: string
  environment_name: string
  account_id: string | null
  account_name: string | null
  herd_id: string | null
  herd_name: string | null
  stopped_at: Date | null
  is_expired: boolean
  admin_password: boolean
  console_key: string | null
  herd_sites: string[] | null
  imported: Record<string, unknown> | null
}

/** `price_max_usd` → priceMaxUsd */
const camel = (name: string): string => name.replaceAll(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase())

const ask = async (text: string, id: string): Promise<Row | undefined> => {
  try {
    return (await getPool().query<Row>(text, [id])).rows[0]
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The first offer says in which region; the fallback market comes last. */
const choicesOf = (catalogue: Catalogue, blueprint: Blueprint): LaunchChoice[] => {
  const wanted = requirementsOf(blueprint)
  const offersOn = (market: Blueprint['market'], count: number, regions = wanted.regions): LaunchChoice[] =>
    choose(catalogue, { ...wanted, market, regions }, { from: 0, count }).offers.map((one) => asChoice(one, market, blueprint))
  const own = offersOn(blueprint.market, choicesMax)
  const region = own[0]?.region
  const near = own.filter((one) => one.region === region)
  if (blueprint.market !== 'spot' || !blueprint.fallsBack) return near
  return [...near, ...offersOn('on-demand', fallbacksMax, region === undefined ? wanted.regions : [region])]
}

/** As its zone is named, which a launch writes as the site of a server. */
const regionOfZone = (zone: string): string | null => /^([a-z]{2}(-[a-z]+)+-\d{1,2})[a-z]$/.exec(zone)?.[1] ?? null

/** Machines in zones where the herd has none yet come first, and on-demand before the herd's own zones. */
const standbyChoicesOf = (catalogue: Catalogue, blueprint: Blueprint, zones: readonly string[]): LaunchChoice[] => {
  const region = zones.map(regionOfZone).find((one) => one !== null)
  if (region === undefined || region === null) return []
  const wanted = { ...requirementsOf(blueprint), regions: [region] }
  const known = new Set(catalogue.offers.flatMap((one) => (one.region === region && one.zone !== null ? [one.zone] : [])))
  const allowed = [...known].filter((zone) => blueprint.zones.length === 0 || blueprint.zones.includes(zone)).sort()
  const offersOn = (market: Blueprint['market']): LaunchChoice[] =>
    choose(catalogue, { ...wanted, market }).offers.flatMap((one) => {
      const choice = asChoice(one, market, blueprint)
      return choice.zone === null && allowed.length > 0 ? allowed.map((zone) => ({ ...choice, zone })) : [choice]
    })
  const isElsewhere = ({ zone }: LaunchChoice): boolean => zone !== null && !zones.includes(zone)
  const own = offersOn(blueprint.market)
  const last = blueprint.market === 'spot' && blueprint.fallsBack ? offersOn('on-demand') : []
  return [
    ...own.filter(isElsewhere).slice(0, choicesMax),
    ...last.filter(isElsewhere).slice(0, fallbacksMax),
    ...own.filter((one) => !isElsewhere(one)).slice(0, nearMax),
  ]
}

const asChoice = ({ offer, type }: ScoredOffer, market: Blueprint['market'], { architecture }: Blueprint): LaunchChoice => ({
  type: offer.type,
  region: offer.region,
  zone: offer.zone,
  market,
  hourUsd: market === 'spot' ? offer.spotUsd : offer.onDemandUsd,
  vcpus: type.vcpus,
  memoryMib: type.memoryMib,
  architecture: architecture ?? (type.architectures.includes('arm64') ? 'arm64' : 'x86_64'),
})

/** Keys of an import that ask for backups. */
const backupsIn = (imported: Row['imported']): string[] => Object.keys(imported ?? {}).filter((key) => /^backup\b/.test(key))

const settingsOf = (row: Row): Blueprint =>
  blueprintOf(Object.fromEntries(Object.entries(row).map(([name, value]) => [camel(name), value])))

const inventoryOf = async (row: Row): Promise<InventoryBlueprint> => {
  const blueprint = settingsOf(row)
  const catalogue = row.account_id === null ? null : await pricesOfAccount(row.account_id)
  const choices = catalogue === null ? [] : choicesOf(catalogue, blueprint)
  const { imported: _imported, note: _note, ...own } = blueprint
  return {
    id: row.id,
    title: row.name,
    environmentId: row.environment_id,
    environmentName: row.environment_name,
    account: row.account_id === null ? null : { id: row.account_id, title: row.account_name ?? '' },
    herd: row.herd_id === null ? null : { id: row.herd_id, name: row.herd_name ?? '' },
    stoppedAt: row.stopped_at?.toISOString() ?? null,
    isExpired: row.is_expired,
    blueprint: own,
    hasPassword: row.admin_password,
    publicKey: row.console_key,
    choices,
    standbyChoices:
      catalogue === null
        ? []
        : standbyChoicesOf(catalogue, blueprint, row.herd_sites ?? choices.slice(0, 1).flatMap(({ zone }) => zone ?? [])),
    storageUsdGbMonth:
      catalogue?.storage.find(({ region, kind }) => region === choices[0]?.region && kind === blueprint.volumeKind)?.usdGbMonth ?? null,
    hasSamplePrices: catalogue?.sources.some(({ isSample }) => isSample) === true,
    asksFor: backupsIn(row.imported),
  }
}

const rowOf = async (id: string): Promise<Row> => {
  const row = await ask(`${select} where b.id = $1`, id)
  if (row === undefined) throw new Fault('record.missing', { because: 'The blueprint is not registered any more.', id })
  return row
}

export const blueprintInventory: BlueprintsRead = {
  blueprint: async (id) => inventoryOf(await rowOf(id)),
  choicesIn: async (id, zone) => {
    const row = await rowOf(id)
    const region = regionOfZone(zone)
    if (row.account_id === null || region === null) return []
    const inZone = { ...settingsOf(row), regions: [region], zones: [zone] }
    return choicesOf(await pricesOfAccount(row.account_id), inZone).map((one) => ({ ...one, zone }))
  },
}
