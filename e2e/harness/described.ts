import { createRequire } from 'node:module'

type Schema = Record<string, unknown>
interface Validate {
  (value: unknown): boolean
  errors?: { instancePath: string; message?: string; params: unknown }[] | null
}
interface Ajv {
  addSchema: (schema: Schema, key: string) => void
  compile: (schema: Schema) => Validate
}

// Both are CommonJS, and their types do not say in which way Node hands their defaults over.
const require = createRequire(import.meta.url)
const { Ajv2020 } = require('ajv/dist/2020.js') as { Ajv2020: new (options: Record<string, boolean>) => Ajv }
const addFormats = require('ajv-formats') as (ajv: Ajv) => void

interface Described {
  responses: Record<string, { content?: Record<string, { schema: Schema; 'x-events'?: Record<string, Schema> }> }>
}
export interface OpenApi {
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

/** What came back from one call. */
export interface Answer {
  method: string
  /** Path alone, as it was called. */
  path: string
  status: number
  headers: Headers
  text: string
}

/** In an answer, what the description does not name is not there: a name it forgot would go unseen otherwise. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const isObject = typeof inner.properties === 'object' && inner.properties !== null && (inner.type === 'object' || 'required' in inner)
  return isObject && !('additionalProperties' in inner) ? { ...inner, additionalProperties: false } : inner
}

const escaped = (name: string): string => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
const mediaType = (headers: Headers): string | null => headers.get('content-type')?.split(';')[0]?.trim() ?? null

/** Blocks of server-sent events: name and data. */
const eventsIn = (text: string): { event: string; data: unknown }[] =>
  text.split('\n\n').flatMap((block) => {
    const fields = new Map(
      block
        .split('\n')
        .filter((line) => /^\w+:/.test(line))
        .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]),
    )
    return fields.has('data') ? [{ event: fields.get('event') ?? 'message', data: JSON.parse(fields.get('data')!) as unknown }] : []
  })

/** Holds answers against an OpenAPI document, with a validator that knows nothing of how the document was made. */
export class Description {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
  readonly #validators = new Map<string, Validate>()
  /** `GET /api/v1/herds 200`: what has been seen and was as described. */
  readonly seen = new Set<string>()

  constructor(readonly document: OpenApi) {
    addFormats(this.#ajv)
    this.#ajv.addSchema(closed(document) as Schema, 'api')
  }

  /** The documented path that the called one is, as the document writes it; literal segments win. */
  pathOf(path: string): string | null {
    const parts = path.split('/')
    const fits = Object.keys(this.document.paths).filter((template) => {
      const wanted = template.split('/')
      return wanted.length === parts.length && wanted.every((part, index) => part.startsWith('{') || part === parts[index])
    })
    return fits.sort((a, b) => a.split('{').length - b.split('{').length)[0] ?? null
  }

  /** What the document does not say of this answer, a sentence each; empty: it is as described. */
  faultsOf(answer: Answer): string[] {
    const faults = this.#faultsOf(answer)
    return faults.map((fault) => `${answer.method} ${answer.path} ${answer.status}: ${fault}`)
  }

  #faultsOf(answer: Answer): string[] {
    const path = this.pathOf(answer.path)
    const item = path === null ? undefined : this.document.paths[path]
    const operation = item?.[answer.method.toLowerCase()]
    if (!item || !operation) return this.#refusalFaults(answer, item ? 'call.method' : 'call.missing', item)
    const response = operation.responses[answer.status]
    if (!response) return [`status is not described; ${answer.text.slice(0, 300)}`]
    const type = mediaType(answer.headers)
    if (!response.content) {
      if (answer.text !== '') return ['a body came, and none is described']
    } else {
      const content = type === null ? undefined : response.content[type]
      if (!content) return [`${type} is not described; ${Object.keys(response.content).join(', ')} is`]
      const at = ['paths', path!, answer.method.toLowerCase(), 'responses', String(answer.status), 'content', type!]
      const faults =
        type === 'text/event-stream'
          ? this.#eventFaults(answer.text, content['x-events'] ?? {}, at)
          : this.#bodyFaults(answer.text, type!, at)
      if (faults.length > 0) return faults
    }
    this.seen.add(`${answer.method} ${path} ${answer.status}`)
    return []
  }

  #refusalFaults({ status, headers, text }: Answer, code: string, item: Record<string, unknown> | undefined): string[] {
    if (mediaType(headers) !== 'application/problem+json') return [`${mediaType(headers)} instead of a problem`]
    const problem = JSON.parse(text) as { code: string }
    if (problem.code !== code) return [`${problem.code} instead of ${code}`]
    if (status !== (item ? 405 : 404)) return ['another status than its code has']
    const taken = Object.keys(item ?? {}).map((method) => method.toUpperCase())
    const allowed = headers.get('allow')?.split(', ') ?? []
    if (item && taken.some((method) => !allowed.includes(method))) return [`Allow says ${allowed}, and it takes ${taken}`]
    return this.#check(problem, ['components', 'schemas', 'problem'])
  }

  #bodyFaults(text: string, type: string, at: string[]): string[] {
    return this.#check(/json$/.test(type) && type !== 'application/x-ndjson' ? JSON.parse(text) : text, [...at, 'schema'])
  }

  #eventFaults(text: string, described: Record<string, Schema>, at: string[]): string[] {
    return eventsIn(text).flatMap(({ event, data }) =>
      event in described ? this.#check(data, [...at, 'x-events', event]) : [`the event ${event} is not described`],
    )
  }

  #check(value: unknown, at: string[]): string[] {
    const pointer = `api#/${at.map(escaped).join('/')}`
    const validate = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: pointer })
    this.#validators.set(pointer, validate)
    if (validate(value)) return []
    return (validate.errors ?? [])
      .slice(0, 5)
      .map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`)
  }
}
