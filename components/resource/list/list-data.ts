import type { Danger } from '@/lib/kernel/operation/plan'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import type { ListPage } from '@/lib/shapes/list'

export interface ListAction {
  name: string
  /** Path of the resource that it acts on. */
  path: string
  /** The resource of the ticked rows, where it acts on what belongs to them; null: it acts on the rows. */
  of: string | null
  verb: string
  title: string
  danger: Danger
  /** Why the person may not; null: they may, somewhere. */
  because: string | null
}

export type Density = 'dense' | 'roomy'

/** Everything the list needs, sent once as one string: parsing JSON costs less than the same as component properties. */
export interface ListBoot {
  resource: ResourceDescription
  data: ListPage
  /** Canonical query string of `data`. */
  query: string
  /** Names of parameters that were left out because the list does not know them. */
  dropped: string[]
  actions: ListAction[]
  environments: Record<string, BadgedEnvironment>
  pathOf: Record<string, string>
  density: Density
  mayAdd: boolean
  /** Milliseconds of the server's clock. */
  now: number
}

export interface ColumnChoice {
  name: string
  label: string
  help?: string
}

/** What may stand in a column: fields, and charts. */
export const columnChoices = (resource: ResourceDescription): ColumnChoice[] => [
  ...Object.values(resource.fields).filter((field) => field.kind !== 'json' || resource.list.columns.includes(field.name)),
  ...resource.list.sparklines,
]

/** The columns in their order. A field comes first: it names the row. */
export const shownColumns = ({ fields, list }: ResourceDescription, wanted: readonly string[] | null): string[] => {
  const known = (wanted ?? list.columns).filter((name) => fields[name] || list.sparklines.some((one) => one.name === name))
  const first = known.find((name) => fields[name]) ?? list.columns[0]!
  return [first, ...known.filter((name) => name !== first)]
}

/** Milliseconds; null: nothing here was ever seen. */
export const newestOf = ({ observedAt }: ListPage): number | null => {
  let newest: string | null = null
  for (const at of observedAt ?? []) if (at !== null && (newest === null || at > newest)) newest = at
  return newest === null ? null : Date.parse(newest)
}
