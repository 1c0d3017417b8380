import type { Json } from '@/lib/kernel/ground/json'

/** One page of a list. */
export interface ListPage {
  columns: string[]
  ids: string[]
  /** Values in the order of `columns`. */
  rows: Json[][]
  /** Field → id → title, of objects that the reader may see. */
  references: Record<string, Record<string, string>>
  /** When each row was seen, ISO times; null where nothing of the resource is observed. */
  observedAt: (string | null)[] | null
  total: number
  page: number
  perPage: number
  /** null: they were not asked for. */
  facets: Facet[] | null
}

/** The choices of one filter. */
export interface Facet {
  field: string
  choices: FacetChoice[]
}

export interface FacetChoice {
  /** A canonical term: what the filter in the URL is set to. */
  value: string
  label: string
  /** Rows that it would give, all other filters kept. */
  count: number
}

/** A list under a name. */
export interface ListView {
  id: string
  name: string
  /** Query string without `page`. */
  query: string
  isShared: boolean
  isOwn: boolean
}

/** What a reference field may point to. */
export interface ReferenceOption {
  id: string
  title: string
  environmentId: string | null
}
