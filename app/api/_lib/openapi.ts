import { z } from 'zod'
import { fieldSchema } from '@/lib/fields/schema'
import { faultTable } from '@/lib/kernel/ground/errors'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import type { Resource } from '@/lib/kernel/resource/resource'
import { operationDescriptions } from '@/lib/operations'
import { resources } from '@/lib/resources'
import type { Call } from './call'
import { calls } from './calls'
import { callsOf } from './calls/resources'

type JsonSchema = Record<string, unknown>

const toJson = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema
  return rest
}

const ownCalls: readonly Call[] = Object.values(calls)
const keyOf = ({ method, path }: Call) => `${method} ${path}`

/** A resource's own folder may answer a call in its own way (`POST /tokens`): that declaration holds. What its folder does not serve, nobody serves. */
const allCalls = (): Call[] => {
  const own = new Set(ownCalls.map(keyOf))
  return [...ownCalls, ...resources.flatMap(callsOf).filter((call) => !own.has(keyOf(call)))]
}

const describedField = (spec: FieldSpec, isRead = false): JsonSchema => ({
  ...(spec.kind === 'secret' && isRead ? { type: 'boolean' } : spec.kind === 'secret' ? { type: ['string', 'null'], writeOnly: true } : {}),
  // Any JSON at all: its schema refers to itself, and says nothing.
  ...(spec.kind === 'json' || spec.kind === 'secret' ? {} : toJson(fieldSchema({ ...spec, required: false }), 'output')),
  title: spec.label,
  ...(spec.help ? { description: spec.help } : {}),
})

/** An object as the API gives it: every field of the declaration, read-only where no form has it. */
const objectSchema = (resource: Resource): JsonSchema => ({
  type: 'object',
  required: ['id', 'title', 'revision'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    title: { type: 'string' },
    revision: { type: 'integer', description: 'Send it back with a change; 0 where the resource cannot be changed.' },
    ...Object.fromEntries(
      Object.entries(resource.fields).map(([name, spec]) => [
        name,
        { ...describedField(spec, true), ...(resource.form.includes(name) ? {} : { readOnly: true }) },
      ]),
    ),
    references: { type: 'object', description: 'Maps a field to id, title and resource of the record it refers to.' },
    observedAt: { type: ['string', 'null'], format: 'date-time' },
  },
})

const formSchema = (resource: Resource, isChange: boolean): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: isChange ? ['revision'] : resource.form.filter((name) => resource.fields[name]!.required),
  properties: {
    ...Object.fromEntries(resource.form.map((name) => [name, describedField(resource.fields[name]!)])),
    ...(isChange ? { revision: { type: 'integer' } } : {}),
  },
})

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** Schemas of a resource's generic calls are the resource's own; every other call brings its own. */
const bodyOf = (call: Call): JsonSchema | undefined => {
  const resource = resources.find(({ path }) => path === call.tag)
  if (!resource || ownCalls.includes(call)) return call.input && toJson(call.input, 'input')
  return call.method === 'POST' ? formSchema(resource, false) : call.method === 'PATCH' ? formSchema(resource, true) : undefined
}

const answerOf = (call: Call): JsonSchema | undefined => {
  const resource = resources.find(({ path }) => path === call.tag)
  if (!resource || ownCalls.includes(call) || call.path.endsWith('/history')) return call.output && toJson(call.output, 'output')
  if (call.method === 'DELETE') return undefined
  if (!call.query) return ref(resource.name)
  return {
    type: 'object',
    required: ['items', 'total', 'page', 'perPage', 'references'],
    properties: {
      items: { type: 'array', items: ref(resource.name) },
      total: { type: 'integer' },
      page: { type: 'integer' },
      perPage: { type: 'integer' },
      references: { type: 'object', description: 'Maps field and id to the title.' },
    },
  }
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
  ...Object.entries(call.query ?? {}).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string' },
    ...(name === 'columns' ? { example: resources.find(({ path }) => path === call.tag)?.list.columns.join(',') } : {}),
  })),
  ...(call.method === 'POST' && call.caller === 'actor'
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Chosen by the caller; a repeated call within a day gets the first response.',
          schema: { type: 'string', maxLength: 200 },
        },
      ]
    : []),
]

const problemResponses = (call: Call) => {
  const codes = [
    ...(call.caller === 'open' ? [] : (['auth.required'] as const)),
    ...(call.faults ?? []),
    ...(call.input ? (['input.too-large'] as const) : []),
  ]
  const statuses = new Set(codes.map((code) => faultTable[code].status))
  return Object.fromEntries(
    [...statuses].map((status) => {
      const names = [...new Set(codes)].filter((code) => faultTable[code].status === status)
      const description = names.map((code) => `\`${code}\` ${faultTable[code].sentence}`).join(' ')
      return [status, { description, content: { 'application/problem+json': { schema: ref('problem') } } }]
    }),
  )
}

const describeCall = (call: Call) => {
  const body = bodyOf(call)
  const answer = answerOf(call)
  const contentType = call.contentType ?? 'application/json'
  const also = call.alsoContentType ? { [call.alsoContentType]: { schema: { type: 'string' } } } : {}
  const content = answer
    ? { [contentType]: { schema: answer }, ...also }
    : call.contentType
      ? { [contentType]: { schema: { type: 'string' } } }
      : undefined
  return {
    operationId: operationId(call),
    tags: [call.tag],
    summary: call.summary,
    ...(call.description ? { description: call.description } : {}),
    parameters: parametersOf(call),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: { [call.status ?? 200]: { description: 'Success.', ...(content ? { content } : {}) }, ...problemResponses(call) },
    security: call.caller === 'open' ? [] : call.caller === 'host' ? [{ host: [] }] : [{ token: [] }, { login: [] }],
  }
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'canRetry'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(faultTable), description: 'Stable: scripts may test for it.' },
    detail: { type: 'string' },
    canRetry: { type: 'boolean', description: 'The same call may succeed later without any change.' },
    fields: {
      type: 'array',
      items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
  },
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
        'The console that operates herds of PostgreSQL. Lists take the same filters, search, sort and page parameters as the pages.',
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
          description: 'A browser session; changes are accepted only from the console’s own pages.',
        },
      },
    },
  }
  return made
}

const withoutDialect = ({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema => schema
