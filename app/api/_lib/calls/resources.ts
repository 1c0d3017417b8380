import { z } from 'zod'
import { withArticle } from '@/lib/domain/values/counted'
import { schemaOf } from '@/lib/fields/schema'
import { perPageDefault, perPageMax } from '@/lib/kernel/resource/query'
import type { Resource } from '@/lib/kernel/resource/resource'
import { type Call, defineCall, type QueryParameter } from '../call'

const object = z.record(z.string(), z.unknown())

/** The calls every resource has, before its own name and schema are put in. */
export const resourceCalls = {
  list: defineCall({ method: 'GET', path: '/api/v1/{resource}', tag: 'resources', caller: 'actor', summary: 'List' }),
  add: defineCall({
    method: 'POST',
    path: '/api/v1/{resource}',
    tag: 'resources',
    caller: 'actor',
    summary: 'Add',
    input: object,
    status: 201,
  }),
  get: defineCall({ method: 'GET', path: '/api/v1/{resource}/{id}', tag: 'resources', caller: 'actor', summary: 'Read' }),
  change: defineCall({
    method: 'PATCH',
    path: '/api/v1/{resource}/{id}',
    tag: 'resources',
    caller: 'actor',
    summary: 'Change',
    input: object,
  }),
  remove: defineCall({
    method: 'DELETE',
    path: '/api/v1/{resource}/{id}',
    tag: 'resources',
    caller: 'actor',
    summary: 'Delete',
    status: 204,
  }),
  history: defineCall({ method: 'GET', path: '/api/v1/{resource}/{id}/history', tag: 'resources', caller: 'actor', summary: 'History' }),
}

const pageNumber: QueryParameter = { description: 'From 1.', schema: { type: 'integer', minimum: 1 } }

const listQuery: Record<string, QueryParameter> = {
  q: 'Search text and words such as `env:prod role:standby lag>1GB`.',
  sort: 'Fields, comma-separated; `-name` downwards.',
  page: pageNumber,
  per: { description: 'Rows a page.', schema: { type: 'integer', minimum: 1, maximum: perPageMax, default: perPageDefault } },
  columns:
    'Fields to give, comma-separated; default: all of them, those of any JSON only in ndjson. The example has those that the list’s page shows.',
  facets: { description: '1: also the counts per choice.', schema: { enum: ['0', '1'] } },
  format: {
    description: 'The whole list, streamed, instead of a page. In csv a reference has its title beside it, as `environmentId.title`.',
    schema: { enum: ['csv', 'ndjson'] },
  },
}

const operators = 'Values, comma-separated; `!x` not, `>x` `>=x` `<x` `<=x` compare, `~x` contains, `isnull`, `notnull`.'

/** `GET /herds`, `POST /herds`, … as one resource offers them. */
export const callsOf = (resource: Resource): Call[] => {
  const [one, many] = resource.noun
  const at = (call: Call): Call => ({ ...call, path: call.path.replace('{resource}', resource.path), tag: resource.path })
  const filters = Object.fromEntries(Object.entries(resource.fields).map(([name, { label }]) => [name, `${label}. ${operators}`]))
  const isForm = resource.form.length > 0
  return [
    {
      ...at(resourceCalls.list),
      summary: `List ${many}`,
      query: { ...listQuery, ...filters },
      output: z.object({ items: z.array(object), total: z.int(), page: z.int(), perPage: z.int(), references: object }),
      faults: ['access.denied', 'input.invalid'],
    },
    { ...at(resourceCalls.get), summary: `One ${one}`, output: object, faults: ['record.missing'] },
    {
      ...at(resourceCalls.history),
      summary: `Who changed ${withArticle(one)}, before and after`,
      query: { page: pageNumber },
      output: object,
      faults: ['record.missing'],
    },
    ...(resource.canAdd
      ? [
          {
            ...at(resourceCalls.add),
            summary: `Add ${withArticle(one)}`,
            input: schemaOf(resource),
            output: object,
            faults: ['access.denied', 'input.invalid', 'record.duplicate'],
          } satisfies Call,
        ]
      : []),
    ...(isForm
      ? [
          {
            ...at(resourceCalls.change),
            summary: `Change ${withArticle(one)}`,
            description:
              '`revision` is the one that was read; when somebody else has saved since, the response is 409 with the current values.',
            input: schemaOf(resource).partial().extend({ revision: z.int() }),
            output: object,
            faults: ['access.denied', 'input.invalid', 'record.missing', 'record.conflict', 'record.duplicate'],
          } satisfies Call,
        ]
      : []),
    ...(resource.canDelete
      ? [
          {
            ...at(resourceCalls.remove),
            summary: `Delete ${withArticle(one)}`,
            status: 204,
            faults: ['access.denied', 'record.missing', 'record.in-use'],
          } satisfies Call,
        ]
      : []),
  ]
}
