import { type Blueprint, blueprintOf, requirementsOf } from '@/lib/domain/blueprints/blueprint'
import { effectsOf, worstOf } from '@/lib/domain/blueprints/effects'
import { tune } from '@/lib/domain/blueprints/tuning'
import type { CatalogueType } from '@/lib/domain/prices/catalogue'
import { choose, type ScoredOffer } from '@/lib/domain/prices/choose'
import { compare, storageMonth } from '@/lib/domain/prices/compare'
import { priceOf } from '@/lib/domain/prices/fit'
import { perMonth } from '@/lib/domain/prices/month'
import { fieldSchema } from '@/lib/fields/schema'
import type { Actor } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import { isApplicable } from '@/lib/kernel/resource/condition'
import { blueprint } from '@/lib/resources/blueprint'
import type { JudgedBlueprint, JudgedOffer } from '@/lib/shapes/blueprints'
import { databaseFault, getPool } from '../pg/client'
import { accountPrices } from '../prices/catalogue'
import { getRecord } from '../records/records'

const offersShown = 5

/** What is typed so far: a field that makes no sense counts as if it were empty. */
const readable = (values: Readonly<Record<string, Json>>): Record<string, unknown> =>
  Object.fromEntries(
    blueprint.form.flatMap((name) => {
      if (blueprint.fields[name].kind === 'secret' || !isApplicable(blueprint.fields, name, values)) return []
      const read = fieldSchema(blueprint.fields[name]).safeParse(values[name] ?? null)
      return read.success ? [[name, read.data]] : []
    }),
  )

const typesOf = async (herdId: unknown): Promise<string[]> => {
  try {
    const { rows } = await getPool().query<{ type: string }>(
      `select distinct m.type from machines m join instances i on i.server_id = m.server_id where i.herd_id = $1 order by 1`,
      [herdId],
    )
    return rows.map(({ type }) => type)
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Prices, fit, tuning, and what the change from the stored blueprint `id` would do. Throws as `accountPrices` and `getRecord` do. */
export const judgeBlueprint = async (actor: Actor, id: string | null, values: Readonly<Record<string, Json>>): Promise<JudgedBlueprint> => {
  const stored = id === null ? null : await getRecord(actor, blueprint, id)
  const read = readable(values)
  const wanted = blueprintOf(read)
  const { account, catalogue } = await accountPrices(actor, typeof read.accountId === 'string' ? read.accountId : null)
  const requirements = requirementsOf(wanted)
  const choice = choose(catalogue, requirements, { from: 0, count: offersShown })
  const best = choice.offers[0]
  const known = (names: readonly string[]): CatalogueType[] => catalogue.types.filter(({ type }) => names.includes(type))
  const standing = stored === null || stored.values.herdId == null ? null : { types: known(await typesOf(stored.values.herdId)) }
  const effects = stored === null ? [] : effectsOf(blueprintOf(stored.values), wanted, standing)
  const machines = 1 + wanted.replicas
  const machineMonth = best === undefined ? null : perMonth(priceOf(best.offer, wanted.market))
  const diskMonth = (storageGb: number, volumeKind: Blueprint['volumeKind']) =>
    best === undefined
      ? null
      : storageMonth(catalogue, { ...requirements, storage: 'network', storageGb, volumeKind }, best.offer.zone ?? best.offer.region)
  const rootMonth = diskMonth(wanted.rootGb, 'gp3')
  const volumeMonth = wanted.storage === 'local' || wanted.storageGb === null ? 0 : diskMonth(wanted.storageGb, wanted.volumeKind)
  return {
    account: account?.name ?? null,
    hasSample: account === null || catalogue.sources.some(({ isSample }) => isSample),
    total: choice.total,
    fittingTypes: choice.fittingTypes,
    offers: choice.offers.map(shown),
    nearest:
      choice.total > 0
        ? []
        : choice.unfit
            .toSorted((a, b) => a.reasons.length - b.reasons.length)
            .slice(0, offersShown)
            .map(({ type, reasons }) => ({ type: type.type, reasons })),
    machines,
    monthUsd:
      machineMonth === null || rootMonth === null || volumeMonth === null ? null : machines * (machineMonth + rootMonth + volumeMonth),
    rdsMonthUsd: compare(catalogue, requirements).rds?.monthUsd ?? null,
    tuning: best === undefined ? [] : tune(wanted, best.type),
    effects: effects.map((one) => ({ ...one, label: blueprint.fields[one.field].label })),
    worst: worstOf(effects),
  }
}

const shown = ({ offer, type, score }: ScoredOffer): JudgedOffer => ({
  type: offer.type,
  zone: offer.zone,
  region: offer.region,
  vcpus: type.vcpus,
  memoryGib: type.memoryMib / 1024,
  spotUsd: offer.spotUsd,
  onDemandUsd: offer.onDemandUsd,
  evictionMax: offer.evictionMax,
  score,
})
