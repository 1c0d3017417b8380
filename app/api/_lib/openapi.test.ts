import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { faultTable } from '@/lib/kernel/ground/errors'
import { operations } from '@/lib/operations'
import { resources } from '@/lib/resources'
import { openApiDocument } from './openapi'

interface Operation {
  operationId: string
  summary: string
  parameters: { name: string; in: string; required?: boolean; schema: object; example?: string }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
  security: Record<string, string[]>[]
}
const document = JSON.parse(JSON.stringify(openApiDocument())) as {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> }
}
const methods = ['get', 'post', 'patch', 'put', 'delete']
const each = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

const appFolder = join(import.meta.dirname, '../..')
/** Everything outside these is for the console's own pages, and no part of the API. */
const isApi = (path: string) => /^\/api\/v1\/|^\/v1\/api\/|^\/api\/(health|ready|openapi\.json)$|^\/metrics$/.test(path)

/** Route files as the document writes their paths, with the methods they export. */
const routes = (readdirSync(appFolder, { recursive: true }) as string[])
  .filter((file) => /(^|\/)route\.tsx?$/.test(file))
  .map((file) => ({
    path: `/${file.replace(/\/?route\.tsx?$/, '').replace(/\[(\w+)\]/g, '{$1}')}`,
    methods: [...readFileSync(join(appFolder, file), 'utf8').matchAll(/\b(GET|POST|PATCH|PUT|DELETE)\b(?= =|[ ,}])/g)].map(([, name]) =>
      name!.toLowerCase(),
    ),
  }))
  .filter(({ path }) => isApi(path))

/** A documented path is served by its own folder, or else by `[resource]`. */
const servedBy = (path: string, method: string): boolean => {
  const own = routes.find((route) => route.path === path)
  if (own) return own.methods.includes(method)
  const generic = path.replace(/^\/api\/v1\/[^/]+/, '/api/v1/{resource}')
  return routes.some((route) => route.path === generic && route.methods.includes(method))
}

test('it is OpenAPI 3.1: every operation has an id of its own, a summary, its path parameters and an answer', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(new Set(each.map(({ operation }) => operation.operationId)).size).toBe(each.length)
  for (const { path, method, operation } of each) {
    const at = `${method} ${path}`
    expect(methods, at).toContain(method)
    expect(operation.summary.length, at).toBeGreaterThan(3)
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(
      operation.parameters.filter((one) => one.in === 'path').map((one) => one.name),
      at,
    ).toEqual(named)
    expect(
      Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status)),
      at,
    ).toBe(true)
    for (const [status, response] of Object.entries(operation.responses))
      expect(response.description.length, `${at} ${status}`).toBeGreaterThan(0)
    for (const scheme of operation.security.flatMap((one) => Object.keys(one)))
      expect(document.components.securitySchemes).toHaveProperty(scheme)
  }
})

test('every reference points to a schema, and every schema says what it is', () => {
  const walk = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' && typeof inner === 'string' ? [inner] : walk(inner)))
  }
  for (const reference of walk(document)) expect(document.components.schemas).toHaveProperty(reference.replace('#/components/schemas/', ''))
  for (const { path, method, operation } of each)
    for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
      expect(Object.keys(schema).length, `${method} ${path}`).toBeGreaterThan(0)
})

test('every route of the API is in the document', () => {
  expect(routes.length).toBeGreaterThan(25)
  for (const { path, methods: served } of routes) {
    expect(served.length, path).toBeGreaterThan(0)
    const concrete = path.includes('{resource}')
      ? each.filter((one) => one.path.replace(/^\/api\/v1\/[^/]+/, '/api/v1/{resource}') === path)
      : each.filter((one) => one.path === path)
    for (const method of served)
      expect(
        concrete.some((one) => one.method === method),
        `${method} ${path}`,
      ).toBe(true)
  }
})

test('every call in the document has a route that serves it', () => {
  for (const { path, method } of each) expect(servedBy(path, method), `${method} ${path}`).toBe(true)
})

test('every resource, operation and fault is there', () => {
  for (const { path, name } of resources) {
    expect(document.paths).toHaveProperty([`/api/v1/${path}`])
    expect(document.components.schemas).toHaveProperty([name])
  }
  for (const { name } of operations) expect(document.components.schemas).toHaveProperty([`operation-${name}`])
  expect(document.components.schemas.problem).toMatchObject({ properties: { code: { enum: Object.keys(faultTable) } } })
})

test('no secret column is part of any schema', () => {
  const text = JSON.stringify(document)
  for (const name of ['passwordHash', 'tokenHash', 'requestHash', 'sealedPrivateKey']) expect(text.includes(`"${name}"`), name).toBe(false)
})

test('every list says by example which columns its page shows, and takes each of them', () => {
  for (const { path, list } of resources) {
    const { parameters } = document.paths[`/api/v1/${path}`]!.get!
    const shown = parameters.find(({ name }) => name === 'columns')!.example!.split(',')
    expect(shown, path).toEqual(list.columns)
    expect(
      shown.filter((name) => !parameters.some((one) => one.name === name)),
      path,
    ).toEqual([])
  }
})
