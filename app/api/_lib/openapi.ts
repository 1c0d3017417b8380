import { operationDescriptions } from '@/lib/operations'
import { resources } from '@/lib/resources'
import type { Call } from './call'
import { allCalls, ownCalls } from './calls/all'
import {
  formSchema,
  historySchema,
  type JsonSchema,
  listSchema,
  objectSchema,
  problemResponses,
  problemSchema,
  ref,
  toJson,
} from './openapi-schemas'

/** Schemas of a resource's generic calls are the resource's own; every other call brings its own. */
const bodyOf = (call: Call): JsonSchema | undefined => {
  const resource = resources.find(({ path }) => path === call.tag)
  if (!resource || ownCalls.includes(call)) return call.input && toJson(call.input, 'input')
  return call.method === 'POST' ? formSchema(resource, false) : call.method === 'PATCH' ? formSchema(resource, true) : undefined
}

/** What is answered on success, by media type; none: nothing is. */
const contentOf = (call: Call): Record<string, { schema: JsonSchema }> | undefined => {
  const resource = resources.find(({ path }) => path === call.tag)
  const events = Object.entries(call.events ?? {}).map(([name, schema]) => [name, toJson(schema, 'output')])
  const text = { schema: { type: 'string' }, ...(call.events ? { 'x-events': Object.fromEntries(events) } : {}) }
  if (resource && !ownCalls.includes(call)) {
    if (call.method === 'DELETE') return undefined
    if (call.path.endsWith('/history')) return { 'application/json': { schema: historySchema } }
    if (!call.query) return { 'application/json': { schema: ref(resource.name) } }
    return { 'application/json': { schema: listSchema(resource) }, 'text/csv': text, 'application/x-ndjson': text }
  }
  const contentType = call.contentType ?? 'application/json'
  const also = call.alsoContentType ? { [call.alsoContentType]: { schema: { type: 'string' } } } : {}
  if (call.output) return { [contentType]: { schema: toJson(call.output, 'output') }, ...also }
  return call.contentType ? { [contentType]: text } : undefined
}

const operationId = ({ method, path }: Call): string =>
  `${method.toLowerCase()}${path
    .replace(/^\/api(\/v1)?/, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part[0]!.toUpperCase() + part.slice(1))
    .join('')}`

const parametersOf = (call: Call) => [
  ...[...call.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  ...Object.entries(call.query ?? {}).map(([name, parameter]) => ({
    name,
    in: 'query',
    ...(typeof parameter === 'string' ? { description: parameter, schema: { type: 'string' } } : parameter),
    ...(name === 'columns' ? { example: resources.find(({ path }) => path === call.tag)?.list.columns.join(',') } : {}),
  })),
  ...(call.method === 'POST' && call.caller === 'actor'
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Chosen by the caller; a repeated call within a day gets the first response.',
          schema: { type: 'string', minLength: 1, maxLength: 200 },
        },
      ]
    : []),
]

/** Of a list: the field that holds what people call one of its objects by, where one alone does. */
const namingOf = (call: Call): { 'x-named-by'?: string } => {
  const resource = call.query && call.method === 'GET' ? resources.find(({ path }) => call.path === `/api/v1/${path}`) : undefined
  const read = new Set<string>()
  resource?.title(new Proxy({}, { get: (_row, name) => read.add(String(name)) && 'x' }))
  const [name] = read
  return resource && name && read.size === 1 && name in resource.fields ? { 'x-named-by': name } : {}
}

const describeCall = (call: Call) => {
  const body = bodyOf(call)
  const content = contentOf(call)
  const also = Object.entries(call.also ?? {}).map(([status, description]) => [status, { description, ...(content ? { content } : {}) }])
  return {
    operationId: operationId(call),
    tags: [call.tag],
    summary: call.summary,
    ...namingOf(call),
    ...(call.description ? { description: call.description } : {}),
    parameters: parametersOf(call),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: {
      [call.status ?? 200]: { description: 'Success.', ...(content ? { content } : {}) },
      ...problemResponses(call),
      ...Object.fromEntries(also),
    },
    security: call.caller === 'open' ? [] : call.caller === 'host' ? [{ host: [] }] : [{ token: [] }, { login: [] }],
  }
}

let made: unknown = null

/** OpenAPI 3.1 of everything under /api/v1 and the endpoints for machines beside it, from the declarations alone. */
export const openApiDocument = (): unknown => {
  if (made) return made
  const paths: Record<string, Record<string, unknown>> = {}
  for (const call of allCalls()) {
    paths[call.path] ??= {}
    paths[call.path]![call.method.toLowerCase()] = describeCall(call)
  }
  made = {
    openapi: '3.1.0',
    info: {
      title: 'Matriarch',
      version: '1',
      description:
        'The console that operates herds of PostgreSQL. Lists take the same filters, search, sort and page parameters as the pages. Every refusal is a `problem`. A path that is not here is 404 `call.missing`; a method that a path does not take is 405 `call.method`, and `Allow` has those it takes.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: {
        problem: problemSchema,
        ...Object.fromEntries(resources.map((resource) => [resource.name, objectSchema(resource)])),
        ...Object.fromEntries(
          operationDescriptions.map(({ name, input, title }) => [`operation-${name}`, { ...withoutDialect(input), title }]),
        ),
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A person’s API token: mat_…' },
        host: { type: 'http', scheme: 'bearer', description: 'A host’s own token: mathost_…' },
        login: {
          type: 'apiKey',
          in: 'cookie',
          name: 'next-auth.session-token',
          description:
            'A browser session, behind https under __Host-next-auth.session-token; changes are accepted only from the console’s own pages.',
        },
      },
    },
  }
  return made
}

const withoutDialect = ({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema => schema
