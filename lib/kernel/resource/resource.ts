import type { AnyPgTable, PgTableWithColumns } from 'drizzle-orm/pg-core'
import type { FieldDescription, FieldSpec } from './field'

// biome-ignore lint/suspicious/noExplicitAny: Drizzle's own "any table" has no columns as properties.
export type ResourceTable = PgTableWithColumns<any>
type ColumnName<T extends AnyPgTable> = keyof T['_']['columns'] & string
type Row<T extends AnyPgTable> = T['$inferSelect']

/**
 * Who may see a row. A column name: that column holds the row's environment. `{ array }`: a uuid[] of environments, visible when any of them is.
 * `{ owner }`: the person in that column, and administrators. 'console': not territorial; the role alone decides.
 */
export type Scope<C extends string> = C | { array: C } | { owner: C } | 'console'

interface ResourceInput<T extends AnyPgTable, F extends string> {
  name: string
  /** Plural path segment: `/herds`, `/api/v1/herds`. */
  path: string
  table: T
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
  }
  /** The form's fields, in order; empty: the resource is read-only in the console. */
  form: readonly NoInfer<F>[]
  /** Column that holds when the observed fields were seen, and who saw them. */
  observedAt?: ColumnName<T>
  observedSource?: ColumnName<T>
  /** Groups of the detail page, in order; fields not named come last. */
  sections?: readonly { title: string; fields: readonly NoInfer<F>[] }[]
  /** Resources that point here and are listed on the detail page: `{ resource: 'instance', by: 'herdId' }`. */
  related?: readonly { resource: string; by: string }[]
  /** Markdown-free paragraphs for the help page. */
  help: readonly string[]
  /** False: no add / edit / delete through the console or the API, whatever the role. Default: true when `form` is not empty. */
  canAdd?: boolean
  canDelete?: boolean
}

/** A declared resource, with the table's own type kept behind `ResourceTable` so that generic code can hold any of them. */
export interface Resource<Name extends string = string, F extends string = string> {
  name: Name
  path: string
  table: ResourceTable
  noun: readonly [string, string]
  title: (row: Record<string, unknown>) => string
  scope: Scope<string>
  fields: Record<F, FieldSpec>
  list: { columns: readonly F[]; filters: readonly F[]; search: readonly string[]; order: string }
  form: readonly F[]
  observedAt?: string
  observedSource?: string
  sections: readonly { title: string; fields: readonly F[] }[]
  related: readonly { resource: string; by: string }[]
  help: readonly string[]
  canAdd: boolean
  canDelete: boolean
}

export const defineResource = <const Name extends string, T extends AnyPgTable, F extends string>(
  input: ResourceInput<T, F> & { name: Name },
): Resource<Name, F> => ({
  ...(input as unknown as Resource<Name, F>),
  sections: input.sections ?? [],
  related: input.related ?? [],
  canAdd: input.canAdd ?? input.form.length > 0,
  canDelete: input.canDelete ?? input.form.length > 0,
})

/** What a browser may know of a resource: no table, no function, no secret. */
export interface ResourceDescription {
  name: string
  path: string
  noun: readonly [string, string]
  fields: Record<string, FieldDescription>
  list: { columns: readonly string[]; filters: readonly string[]; order: string; canSearch: boolean }
  form: readonly string[]
  sections: readonly { title: string; fields: readonly string[] }[]
  related: readonly { resource: string; by: string }[]
  observed: boolean
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
  },
  form: resource.form,
  sections: resource.sections,
  related: resource.related,
  observed: resource.observedAt !== undefined,
  help: resource.help,
  canAdd: resource.canAdd,
  canDelete: resource.canDelete,
})
