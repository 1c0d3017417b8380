import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getPool } from '@/db/pg/client'
import { DescribedApi, type DescribedCall, describedCalls, documented, nobody } from '@/e2e/harness/described-api'
import { calls } from './_lib/calls'

/**
 * Every refusal is held against /api/openapi.json with a validator that is not ours. The calls are those of the document, so that a new one is asked the same
 * without a word here.
 */
const byActor = describedCalls.filter(({ operation }) => operation.security.some((one) => 'token' in one))
/** Scripts are answered in the order and the words of what they were written for: their test is app/v1/pygmy.int.test.ts. */
const isScripts = ({ path }: DescribedCall): boolean => path.startsWith('/v1/api/')
const withBody = describedCalls.filter((call) => call.operation.requestBody !== undefined && !isScripts(call))
const bytesMaxOf = ({ method, path }: DescribedCall): number =>
  Object.values(calls).find((one) => one.method === method && one.path === path)?.bytesMax ?? 1024 * 1024
const titled = (list: readonly DescribedCall[]): [string, DescribedCall][] => list.map((call) => [`${call.method} ${call.path}`, call])
const at = (path: string, id = nobody) => path.replace('{id}', id)

let stage: DescribedApi
let viewer: string
beforeAll(async () => {
  stage = await DescribedApi.open()
  viewer = await stage.tokenOf('admin', 'viewer', 'prod')
})
afterAll(() => stage?.close())

/** Who a call is for, so that a refusal is about what is asked and not about who asks. */
const callerOf = ({ operation }: DescribedCall): string => (operation.security.some((one) => 'host' in one) ? stage.hostToken : stage.token)

describe('what is refused is refused as described', () => {
  test.each(titled(byActor))('%s without a token', async (_name, { method, path }) => {
    expect((await stage.ask(method, at(path), { by: null })).status).toBe(401)
  })

  test.each(titled(withBody))(
    '%s with a body that is no JSON, is of another type, is too large, or has an unknown name',
    async (_name, call) => {
      const path = at(call.path)
      const by = callerOf(call)
      expect((await stage.ask(call.method, path, { body: '{', by })).status).toBe(400)
      if (!call.path.endsWith('/reports'))
        expect((await stage.ask(call.method, path, { body: '{}', headers: { 'content-type': 'text/plain' }, by })).status).toBe(415)
      expect((await stage.ask(call.method, path, { body: 'x'.repeat(bytesMaxOf(call) + 1), by })).status).toBe(413)
      expect((await stage.ask(call.method, path, { body: { 'no-such-name': 1 }, by })).status).toBeGreaterThanOrEqual(401)
      expect((await stage.ask(call.method, path, { body: [1], by })).status).toBeGreaterThanOrEqual(401)
    },
  )

  test.each(titled(byActor.filter(({ path }) => path.includes('{id}'))))(
    '%s of what does not exist, and of what is no id',
    async (_name, { method, path, operation }) => {
      for (const id of [nobody, 'no-id']) {
        const { status } = await stage.ask(method, at(path, id), operation.requestBody ? { body: {} } : {})
        // 403: what no token may do at all is refused before it is looked for.
        expect([204, 403, 404, 409, 422]).toContain(status)
      }
    },
  )

  test.each(titled(byActor))('%s by somebody who may do nothing there', async (_name, { method, path, operation }) => {
    const { status } = await stage.ask(method, at(path), { by: viewer, ...(operation.requestBody ? { body: {} } : {}) })
    expect(status).toBeLessThan(500)
  })

  test.each(Object.entries(documented.paths))('%s by every method that it does not take', async (path, item) => {
    for (const method of ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'])
      if (!(method.toLowerCase() in item) && path !== '/metrics') expect((await stage.ask(method, at(path))).status, method).toBe(405)
  })

  test('paths that nobody serves', async () => {
    for (const path of [
      '/api',
      '/api/v1',
      '/api/nosuch',
      '/api/v1/unicorns',
      `/api/v1/unicorns/${nobody}`,
      `/api/v1/herds/${nobody}/nosuch`,
    ])
      for (const method of ['GET', 'POST', 'DELETE']) expect((await stage.ask(method, path)).status, path).toBe(404)
  })
})

test('what is there already, or needed by others, is a conflict', async () => {
  const environment = { name: 'stage', colour: 'blue', protection: 'open' }
  expect((await stage.ask('POST', '/api/v1/environments', { body: environment })).status).toBe(201)
  expect((await stage.ask('POST', '/api/v1/environments', { body: environment })).status).toBe(409)
})

/** Last: after them nothing works any more. */
describe('what is refused when nothing works', () => {
  test('without a worker a plan is refused with 503, and readiness says so', async () => {
    await stage.worker.kill()
    await getPool().query("update workers set seen_at = now() - interval '1 hour'")
    expect((await stage.ask('POST', '/api/v1/plans', { body: { operation: 'restart', filter: 'env=dev' } })).status).toBe(503)
    expect((await stage.ask('GET', '/api/ready', { by: null })).status).toBe(503)
  })

  test('somebody who guesses tokens is told to wait', async () => {
    let status = 401
    for (let guess = 0; guess < 60 && status === 401; guess++)
      status = (await stage.ask('GET', '/api/v1/herds', { by: `mat_abcdefgh_${'x'.repeat(36)}` })).status
    expect(status).toBe(429)
  })
})

test('each status that a refusal can have was seen', () => {
  for (const status of [400, 401, 403, 404, 409, 413, 415, 422, 429, 503])
    expect(
      [...stage.description.seen].some((one) => one.endsWith(` ${status}`)),
      String(status),
    ).toBe(true)
})
