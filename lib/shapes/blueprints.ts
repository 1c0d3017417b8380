import type { ChangeEffect, ChangeKind } from '@/lib/domain/blueprints/effects'
import type { Imported } from '@/lib/domain/blueprints/import/collect'
import type { TunedSetting } from '@/lib/domain/blueprints/tuning'

/** An offer that fits a blueprint. What is not known is null. */
export interface JudgedOffer {
  type: string
  /** null: the source names no zone. */
  zone: string | null
  region: string
  vcpus: number
  memoryGib: number
  /** USD per hour. */
  spotUsd: number | null
  onDemandUsd: number | null
  evictionMax: number | null
  score: number | null
}

/** What a blueprint comes to as it is typed. */
export interface JudgedBlueprint {
  /** Whose prices these are; null: the console's sample. */
  account: string | null
  hasSample: boolean
  total: number
  fittingTypes: number
  /** The best, in the order of the strategy. */
  offers: JudgedOffer[]
  /** Types with the fewest reasons against them, where nothing fits. */
  nearest: { type: string; reasons: string[] }[]
  machines: number
  /** USD for a month of all machines and volumes, by the best offer; null: a price is not known. */
  monthUsd: number | null
  /** USD for a month of the cheapest RDS of the same size, without storage; null: not known. */
  rdsMonthUsd: number | null
  /** On the best offer. */
  tuning: TunedSetting[]
  /** Against what is stored; empty: nothing changed, or it is new. */
  effects: (ChangeEffect & { label: string })[]
  worst: ChangeKind
}

/** What became of the keys of a manifest; `id`: of the blueprint that was added, null: none was. */
export type ImportShown = Omit<Imported, 'values'> & { id: string | null }
