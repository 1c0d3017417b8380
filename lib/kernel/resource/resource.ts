import type { AnyPgTable, PgTableWithColumns } from 'drizzle-orm/pg-core'
import type { FieldDescription, FieldSpec } from './field'
import type { MenuEntry } from './menu'

// biome-ignore lint/suspicious/noExplicitAny: Drizzle's own "any table" has no columns as properties.
export type ResourceTable = PgTableWithColumns<any>
type ColumnName<T extends AnyPgTable> = keyof T['_']['columns'] & string
type Row<T extends AnyPgTable> = T['$inferSelect']

/**
 * Who may see a row. A column name: that column holds the row's environment. `{ array }`: a uuid[] of environments, visible when any of them is.
 * `{ owner }`: the person in that column, and administrators. 'console': not territorial; the role alone decides.
 */
export type Scope<C extends string> = C | { array: C } | { owner: C } | 'console'

export interface Section<F extends string = string> {
  title: string
  fields: readonly F[]
}

export interface Related {
  resource: string
  /** The field there that points here. */
  by: string
  /** They point to what this field of the object points to, and not to the object. */
  via?: string
  /** Default: the plural noun. */
  title?: string
}

export interface ListedPage {
  /** Below the resource's own path. */
  path: string
  label: string
}

/** Operations of another resource that are offered for rows of this one: they run on those that point to the rows by `by`. */
export interface Offered {
  resource: string
  by: string
  /** They point to what this field of the rows points to, and not to the rows. */
  via?: string
  /** Operation → the words of its button here; null: its own. */
  operations: Readonly<Record<string, string | null>>
}

/**
 * A small chart in a column that a person may add to a list: the last day of a figure that is sampled. It is no field of a row, so it is neither filtered, sorted
 * nor exported.
 */
export interface Sparkline {
  name: string
  label: string
  /** Name of the metric; of a herd those of its members. */
  metric: string
  /** The metric of which it is a part, in percent; absent: it is shown as it is. */
  partOf?: string
  /** What stands for half an hour: `highest` where a spike matters, `mean` where the amount does. */
  by: 'highest' | 'mean'
  /** Of a herd, over its members. */
  over?: 'sum' | 'highest'
}

interface ResourceInput<T extends AnyPgTable, F extends string> {
  name: string
  /** Path segment of pages and API (`/herds`, `/api/v1/herds`), where it is not the plural noun in lower case with dashes. */
  path?: string
  /** What it is read from. */
  table: T
  /** Where it is written, when `table` is a view: the table whose rows the view shows under the same id and the same column names. */
  keptIn?: AnyPgTable
  /** Singular and plural, lower case. */
  noun: readonly [string, string]
  title: (row: Row<T>) => string
  scope: Scope<ColumnName<T>>
  /** A field that is not a column of the table does not compile. */
  fields: { [K in F]: K extends ColumnName<T> ? FieldSpec : never }
  list: {
    columns: readonly NoInfer<F>[]
    /** Fields with a sidebar of choices and live counts. */
    filters: readonly NoInfer<F>[]
    /** Columns searched by the box; each needs a trigram index. May be a column that is not a field (`searchText`). */
    search: readonly ColumnName<T>[]
    /** First sort; '-name' sorts downwards. */
    order: NoInfer<F> | `-${NoInfer<F>}`
    sparklines?: readonly Sparkline[]
  }
  /** Column that holds when the observed fields were seen, and who saw them. */
  observedAt?: ColumnName<T>
  observedSource?: ColumnName<T>
  /** Column with the name of the resource that a row tells of: a person who may see nothing of that one is not shown the row. */
  tellsOf?: ColumnName<T>
  /** 'runs': rows change as runs proceed, which no save announces. Default: only by saves. */
  changesWith?: 'runs'
  /** Groups of the detail page and of the form, in order; fields not named come last, in the order of `fields`. */
  sections?: readonly Section<NoInfer<F>>[]
  /** Resources that point here and are listed on the detail page: `{ resource: 'instance', by: 'herdId' }`. */
  related?: readonly Related[]
  offers?: readonly Offered[]
  /** Absent: no entry in the menu. */
  menu?: MenuEntry
  /** Further pages that the list links to: `{ path: 'verify', label: 'Verify the chain' }` is `/audit/verify`. */
  pages?: readonly ListedPage[]
  /** Markdown-free paragraphs for the help page. */
  help: readonly string[]
  /** False: no add / delete through the console or the API, whatever the role. Default: true when there is a form. */
  canAdd?: boolean
  canDelete?: boolean
}

/** A declared resource, with the table's own type kept behind `ResourceTable` so that generic code can hold any of them. */
export interface Resource<Name extends string = string, F extends string = string> {
  name: Name
  path: string
  table: ResourceTable
  keptIn: ResourceTable
  noun: readonly [string, string]
  title: (row: Record<string, unknown>) => string
  scope: Scope<string>
  fields: Record<F, FieldSpec>
  list: { columns: readonly F[]; filters: readonly F[]; search: readonly string[]; order: string; sparklines?: readonly Sparkline[] }
  /** Every field that people set, in the order of `sections`; empty: the resource is read-only in the console. */
  form: readonly F[]
  observedAt?: string
  observedSource?: string
  tellsOf?: string
  changesWith?: 'runs'
  /** Every field is in one of them. */
  sections: readonly Section<F>[]
  related: readonly Related[]
  offers: readonly Offered[]
  menu?: MenuEntry
  pages: readonly ListedPage[]
  help: readonly string[]
  canAdd: boolean
  canDelete: boolean
}

/** `/dr-pairs` of “DR pairs”. */
export const pathOfNoun = (plural: string): string => plural.toLowerCase().replaceAll(' ', '-')

/** The groups of the declaration, and one for what it did not name. */
const allSections = <F extends string>(fields: Record<F, FieldSpec>, given: readonly Section<F>[]): Section<F>[] => {
  const named = new Set(given.flatMap((section) => section.fields))
  const rest = (Object.keys(fields) as F[]).filter((name) => !named.has(name))
  return rest.length > 0 ? [...given, { title: given.length > 0 ? 'Record' : 'Facts', fields: rest }] : [...given]
}

const isSetByPeople = (spec: FieldSpec | undefined): boolean => spec !== undefined && !spec.observed && !spec.automatic

export const defineResource = <const Name extends string, T extends AnyPgTable, F extends string>(
  input: ResourceInput<T, F> & { name: Name },
): Resource<Name, F> => {
  const fields = input.fields as Record<F, FieldSpec>
  const sections = allSections(fields, input.sections ?? [])
  const form = sections.flatMap((section) => section.fields.filter((name) => isSetByPeople(fields[name])))
  return {
    ...(input as unknown as Resource<Name, F>),
    path: input.path ?? pathOfNoun(input.noun[1]),
    keptIn: (input.keptIn ?? input.table) as ResourceTable,
    sections,
    form,
    related: input.related ?? [],
    offers: input.offers ?? [],
    pages: input.pages ?? [],
    canAdd: input.canAdd ?? form.length > 0,
    canDelete: input.canDelete ?? form.length > 0,
  }
}

/** What a browser may know of a resource: no table, no function, no secret. */
export interface ResourceDescription {
  name: string
  path: string
  noun: readonly [string, string]
  fields: Record<string, FieldDescription>
  list: { columns: readonly string[]; filters: readonly string[]; order: string; canSearch: boolean; sparklines: readonly Sparkline[] }
  form: readonly string[]
  sections: readonly Section[]
  related: readonly Related[]
  observed: boolean
  changesWith?: 'runs'
  help: readonly string[]
  canAdd: boolean
  canDelete: boolean
}

export const describe = (resource: Resource): ResourceDescription => ({
  name: resource.name,
  path: resource.path,
  noun: resource.noun,
  fields: Object.fromEntries(Object.entries(resource.fields).map(([name, spec]) => [name, { ...spec, name }])),
  list: {
    columns: resource.list.columns,
    filters: resource.list.filters,
    order: resource.list.order,
    canSearch: resource.list.search.length > 0,
    sparklines: resource.list.sparklines ?? [],
  },
  form: resource.form,
  sections: resource.sections,
  related: resource.related,
  observed: resource.observedAt !== undefined,
  changesWith: resource.changesWith,
  help: resource.help,
  canAdd: resource.canAdd,
  canDelete: resource.canDelete,
})
