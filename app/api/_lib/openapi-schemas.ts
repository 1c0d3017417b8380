import { z } from 'zod'
import { fieldSchema } from '@/lib/fields/schema'
import { type FaultCode, faultTable } from '@/lib/kernel/ground/errors'
import type { FieldKind, FieldSpec } from '@/lib/kernel/resource/field'
import type { Resource } from '@/lib/kernel/resource/resource'
import type { Call } from './call'

export type JsonSchema = Record<string, unknown>

export const toJson = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema
  return rest
}

export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

const text: JsonSchema = { type: ['string', 'null'] }

/** What is read: also what was seen on a machine, which no form has checked. */
const readKinds: Record<FieldKind, (spec: FieldSpec) => JsonSchema> = {
  text: () => text,
  longText: () => text,
  hostname: () => text,
  path: () => text,
  lsn: () => text,
  port: () => ({ type: ['integer', 'null'] }),
  integer: () => ({ type: ['number', 'null'] }),
  bytes: () => ({ type: ['number', 'null'], description: 'Bytes.' }),
  seconds: () => ({ type: ['number', 'null'], description: 'Seconds.' }),
  flag: () => ({ type: ['boolean', 'null'] }),
  secret: () => ({ type: ['boolean', 'null'], description: 'Whether one is set; it is never shown.' }),
  choice: (spec) => ({ type: ['string', 'null'], enum: [...(spec.kind === 'choice' ? spec.choices.map(({ value }) => value) : []), null] }),
  moment: () => ({ type: ['string', 'null'], format: 'date-time' }),
  tags: () => ({ type: ['array', 'null'], items: { type: 'string' } }),
  reference: () => ({ type: ['string', 'null'], format: 'uuid' }),
  json: () => ({}),
}

const withWords = (schema: JsonSchema, { label, help }: FieldSpec): JsonSchema => {
  const description = [help, schema.description].filter(Boolean).join(' ')
  return { ...schema, title: label, ...(description ? { description } : {}) }
}

const readField = (spec: FieldSpec): JsonSchema => withWords(readKinds[spec.kind](spec), spec)

/** A field as it may be sent. */
export const writtenField = (spec: FieldSpec): JsonSchema => {
  if (spec.kind === 'secret') return withWords({ type: ['string', 'null'], writeOnly: true }, spec)
  // Any JSON at all: its schema refers to itself, and says nothing.
  return withWords(spec.kind === 'json' ? {} : toJson(fieldSchema({ ...spec, required: false }), 'output'), spec)
}

const reference: JsonSchema = {
  type: 'object',
  required: ['id', 'title', 'resource'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    title: { ...text, description: 'null: you may not see it.' },
    resource: { type: 'string' },
  },
}

/**
 * An object as the API gives it: every field of the declaration, read-only where no form has it. The same in a list and by itself, where `references` says
 * what it refers to.
 */
export const objectSchema = (resource: Resource): JsonSchema => ({
  type: 'object',
  required: ['id', 'title', 'revision'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    title: { type: 'string' },
    revision: { type: 'integer', description: 'Send it back with a change; 0 where the resource cannot be changed.' },
    ...Object.fromEntries(
      Object.entries(resource.fields).map(([name, spec]) => [
        name,
        { ...readField(spec), ...(resource.form.includes(name) ? {} : { readOnly: true }) },
      ]),
    ),
    references: {
      type: 'object',
      description: 'Of one object: maps a field to the record it refers to. A list has them once for all its items.',
      additionalProperties: reference,
    },
    ...(resource.observedAt ? { observedAt: { type: ['string', 'null'], format: 'date-time' } } : {}),
  },
})

export const formSchema = (resource: Resource, isChange: boolean): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: isChange ? ['revision'] : resource.form.filter((name) => resource.fields[name]!.required),
  properties: {
    ...Object.fromEntries(resource.form.map((name) => [name, writtenField(resource.fields[name]!)])),
    ...(isChange ? { revision: { type: 'integer' } } : {}),
  },
})

const titlesById: JsonSchema = { type: 'object', additionalProperties: { type: 'object', additionalProperties: { type: 'string' } } }

export const listSchema = (resource: Resource): JsonSchema => ({
  type: 'object',
  required: ['items', 'total', 'page', 'perPage', 'references'],
  properties: {
    items: { type: 'array', items: ref(resource.name) },
    total: { type: 'integer' },
    page: { type: 'integer' },
    perPage: { type: 'integer' },
    references: { ...titlesById, description: 'Maps field and id to the title.' },
    facets: {
      type: 'array',
      description: 'With facets=1: the choices of each filter with how many objects each gives.',
      items: toJson(
        z.object({ field: z.string(), choices: z.array(z.object({ value: z.string(), label: z.string(), count: z.int() })) }),
        'output',
      ),
    },
  },
})

export const historySchema: JsonSchema = {
  type: 'object',
  required: ['lines', 'total', 'page', 'perPage', 'references'],
  properties: {
    lines: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'at', 'actorName', 'act', 'title', 'fields'],
        properties: {
          id: { type: 'string', format: 'uuid' },
          at: { type: 'string', format: 'date-time' },
          actorName: { type: 'string' },
          act: { enum: ['add', 'change', 'delete'] },
          title: { type: 'string' },
          fields: {
            type: 'object',
            description: 'Maps a field to what it was before and after.',
            additionalProperties: { type: 'array', minItems: 2, maxItems: 2 },
          },
        },
      },
    },
    total: { type: 'integer' },
    page: { type: 'integer' },
    perPage: { type: 'integer' },
    references: { ...titlesById, description: 'Maps field and id to the title.' },
  },
}

export const problemSchema: JsonSchema = {
  type: 'object',
  description: 'RFC 9457. What a code carries besides stands below `fields`.',
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
      description: 'What to mend: the dotted path of a value in the body (`input.mode`), or the name of a parameter or header.',
      items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
    plan: { type: ['object', 'null'], additionalProperties: true, description: 'Of `plan.moved`: the plan as it is now.' },
    planId: { type: 'string', format: 'uuid' },
    current: { type: 'object', additionalProperties: true, description: 'Of `record.conflict`: the values as they are now.' },
    revision: { type: 'integer', description: 'Of `record.conflict`: the revision as it is now.' },
    changes: { description: 'Of `record.conflict`: what has changed since the revision that was sent.' },
    by: { ...text, description: 'Of `record.conflict`: who changed it.' },
    at: { ...text, description: 'Of `record.conflict`: when.' },
    blockers: { description: 'Of `record.in-use`: what still needs it.' },
    retryAfterSeconds: { type: 'number' },
    holder: { ...text, description: 'Of `lock.held`: host and process of the command under the lock.' },
  },
}

const of = (when: boolean, ...codes: FaultCode[]): readonly FaultCode[] => (when ? codes : [])

/** Every refusal that a call can give: its own, and those that follow from who may call, from its body, its parameters and its id. */
export const faultsOf = (call: Call): FaultCode[] => {
  const hasInput = call.input !== undefined
  const isActor = call.caller === 'actor'
  return [
    ...new Set<FaultCode>([
      ...of(call.caller !== 'open', 'auth.required', 'access.denied'),
      ...(call.faults ?? []),
      // With a login cookie; a token is refused what this asks of a person.
      ...of(isActor && call.method !== 'GET', 'auth.proof'),
      ...of(call.path.includes('{id}'), 'record.missing'),
      ...of(hasInput, 'input.malformed', 'input.media-type', 'input.too-large'),
      ...of(hasInput || call.query !== undefined || (isActor && call.method === 'POST'), 'input.invalid'),
      ...of(isActor && call.method === 'POST', 'record.conflict'),
      ...of(call.isSecret === true, 'record.duplicate'),
      'auth.throttled',
      'internal.bug',
      'database.down',
    ]),
  ]
}

/** As the frameworks say it that scripts were written for: sentences by the name of a field. */
const fieldMap = { schema: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } } }

export const problemResponses = (call: Call): Record<string, JsonSchema> => {
  const codes = faultsOf(call)
  return Object.fromEntries(
    [...new Set(codes.map((code) => faultTable[code].status))].map((status) => {
      const names = codes.filter((code) => faultTable[code].status === status)
      const description = names.map((code) => `\`${code}\` ${faultTable[code].sentence}`).join(' ')
      const content = { 'application/problem+json': { schema: ref('problem') } }
      return [status, { description, content: status === 400 && call.hasFieldMap ? { ...content, 'application/json': fieldMap } : content }]
    }),
  )
}
