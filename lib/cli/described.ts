import { getJson, type Where } from './client'

export interface FieldSchema {
  title?: string
  description?: string
  type?: string | string[]
  enum?: (string | null)[]
}

interface Document {
  paths: Record<
    string,
    {
      get?: {
        'x-named-by'?: string
        parameters?: readonly { name: string; example?: string }[]
        responses?: Record<string, { content?: Record<string, { schema?: { properties?: { items?: { items?: { $ref?: string } } } } }> }>
      }
    }
  >
  components: { schemas: Record<string, { properties?: Record<string, FieldSchema> }> }
}

/** A list, as the console describes it. */
export interface DescribedList {
  /** What its page shows, in that order. */
  columns: string[]
  /** By name. */
  fields: Record<string, FieldSchema>
  /** The field that its objects are called by; null: none alone is. */
  namedBy: string | null
}

/** The console's description of its API, asked for once a command. */
export class Described {
  #document: Promise<Document> | null = null

  constructor(readonly where: Where) {}

  #read(): Promise<Document> {
    this.#document ??= getJson<Document>(this.where, '/api/openapi.json')
    return this.#document
  }

  /** null: there is no such list. */
  async list(path: string): Promise<DescribedList | null> {
    const { paths, components } = await this.#read()
    const get = paths[`/api/v1/${path}`]?.get
    const of = get && nameOf(get)
    if (!of) return null
    const columns = get.parameters?.find(({ name }) => name === 'columns')?.example?.split(',') ?? []
    const { id: _id, revision: _revision, references: _references, ...fields } = components.schemas[of]?.properties ?? {}
    return { columns, fields, namedBy: get['x-named-by'] ?? null }
  }

  /** Where the objects of a resource are listed: `instances` of `instance`. Throws when the console lists none. */
  async pathOf(resource: string): Promise<string> {
    const { paths } = await this.#read()
    const found = Object.entries(paths).find(([, { get }]) => get && nameOf(get) === resource)
    if (!found) throw new Error(`The console describes no list of ${resource}.`)
    return found[0].replace('/api/v1/', '')
  }
}

const nameOf = (get: NonNullable<Document['paths'][string]['get']>): string | undefined =>
  get.responses?.['200']?.content?.['application/json']?.schema?.properties?.items?.items?.$ref?.split('/').at(-1)
