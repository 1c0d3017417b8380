import type { EnvironmentLook } from '@/components/ui/environment'
import type { Json } from '@/lib/kernel/ground/json'
import type { Danger } from '@/lib/kernel/operation/operation'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'

/** One page of a list, rows as arrays in the order of `columns`. */
export interface ListData {
  columns: string[]
  ids: string[]
  rows: Json[][]
  /** field → id → title */
  references: Record<string, Record<string, string>>
  /** ISO times, one a row; null when the resource is not observed. */
  observedAt: (string | null)[] | null
  total: number
  page: number
  perPage: number
  facets: FacetData[] | null
}

export interface FacetData {
  field: string
  choices: { value: string; label: string; count: number }[]
}

export interface ListAction {
  name: string
  verb: string
  title: string
  danger: Danger
  /** Why the person may not; null: they may, somewhere. */
  because: string | null
}

export interface ListView {
  id: string
  name: string
  /** Query string without `page`. */
  query: string
  isShared: boolean
  isOwn: boolean
}

export type Density = 'dense' | 'roomy'

/** Everything the list needs, sent once as one string: parsing JSON costs less than the same as component properties. */
export interface ListBoot {
  resource: ResourceDescription
  data: ListData
  /** Canonical query string of `data`. */
  query: string
  /** Names of parameters that were left out because the list does not know them. */
  dropped: string[]
  actions: ListAction[]
  environments: Record<string, EnvironmentLook>
  pathOf: Record<string, string>
  density: Density
  mayAdd: boolean
  /** Milliseconds of the server's clock. */
  now: number
}

/** Fields that may stand in a column. */
export const columnChoices = (resource: ResourceDescription): FieldDescription[] =>
  Object.values(resource.fields).filter((field) => field.kind !== 'json' || resource.list.columns.includes(field.name))

/** Milliseconds; null: nothing here was ever seen. */
export const newestOf = ({ observedAt }: ListData): number | null => {
  let newest: string | null = null
  for (const at of observedAt ?? []) if (at !== null && (newest === null || at > newest)) newest = at
  return newest === null ? null : Date.parse(newest)
}
