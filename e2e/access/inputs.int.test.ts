import './async-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { calls } from '@/app/api/_lib/calls'
import { faultTable } from '@/lib/kernel/ground/errors'
import { resources } from '@/lib/resources'
import type { Caller } from './callers'
import { type Attempt, callLaws } from './laws'
import { type Answer, openStage, type Stage } from './stage'

let stage: Stage
let admin: Caller
beforeAll(async () => {
  stage = await openStage()
  admin = stage.callers.admins[0]!
})
afterAll(() => stage?.stop())

const nested = (deep: number): string => `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`

/** No body of any call. */
const bodies: readonly [string, string | Uint8Array][] = [
  ['cut off', '{"a":'],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
  ['nested 20 000 deep', nested(20_000)],
  ['nested 70 deep', nested(70)],
  ['nothing', 'null'],
  ['a list', '[]'],
  ['a long list', `[${'1,'.repeat(100_000)}1]`],
  ['a text', '"x"'],
  ['a number', '1e999'],
  ['an unknown key', '{"nobodyKnowsThis":1}'],
  ['a prototype', '{"__proto__":{"a":1},"constructor":{"prototype":{}}}'],
  ['a key with a NUL', '{"a\\u0000b":1}'],
]

/** Right for few fields. */
const oddities: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  0.5,
  '',
  'a\u0000b',
  '\ud800',
  '‮💥ﷺ\u200b',
  'x'.repeat(100_000),
  '../../etc/passwd',
  "'; drop table people; --",
  [null],
  {},
  { a: { b: 'a\u0000b' } },
]

const internals = /node_modules|\.ts:\d|at (async )?\w+ \(|syntax|violates|relation "|column "|ECONN|select .+ from /i

/** How `/v1/api` says which fields are wrong: a list of sentences by the name of each. */
const isFieldMap = (status: number, text: string): boolean => {
  if (status !== 400) return false
  const lists = Object.values(JSON.parse(text) as object)
  return lists.length > 0 && lists.every((list) => Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === 'string'))
}

/** What is wrong with an answer to something that makes no sense; empty: nothing. `field`: the only thing that was odd. */
const faultsOf = (what: string, { status, code, text }: Answer, field?: string): string[] => {
  const at = `${what}: ${status} ${text.slice(0, 200)}`
  if (status >= 500 && code !== 'worker.absent') return [`${at}: a failure of the console`]
  if (internals.test(text)) return [`${at}: tells of its inside`]
  if (status < 400) return []
  if (isFieldMap(status, text)) return []
  if (code === null || !Object.hasOwn(faultTable, code)) return [`${at}: no problem with a known code`]
  if (code !== 'input.invalid') return []
  const { detail, fields = [] } = JSON.parse(text) as { detail: string; fields?: { path: string; message: string }[] }
  if (fields.length === 0 && detail === faultTable[code].sentence) return [`${at}: does not say what is wrong`]
  if (
    field !== undefined &&
    fields.length > 0 &&
    !fields.some(({ path, message }) => path.split('.')[0] === field || path === '' || message.includes(field))
  )
    return [`${at}: names another field than ${field}`]
  return []
}

const shapeKeys = (schema: z.ZodType | undefined): string[] => {
  const { shape } = (schema ?? {}) as { shape?: Record<string, unknown> }
  return shape ? Object.keys(shape) : []
}

/** So many at a time as the pool has connections. */
const inTurn = async <T>(all: readonly T[], work: (one: T) => Promise<string[]>): Promise<string[]> => {
  const found: string[] = []
  const rest = all.values()
  const lane = async () => {
    for (const one of rest) found.push(...(await work(one)))
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return found
}

const taken = Object.entries(calls).flatMap(([, call]) => {
  const key = `${call.method} ${call.path}`
  return call.input && callLaws[key] ? [[key, call.input as z.ZodType, call.bytesMax ?? 1024 * 1024] as const] : []
})

describe('bodies', () => {
  const attempts = (base: Attempt, keys: readonly string[]): [string, Attempt, string?][] => [
    ...bodies.map(([name, body]): [string, Attempt] => [name, { ...base, body }]),
    ...keys.flatMap((key) =>
      oddities.map((value): [string, Attempt, string] => [
        `${key}: ${JSON.stringify(value)?.slice(0, 30)}`,
        { ...base, body: { ...(base.body as object), [key]: value } },
        key,
      ]),
    ),
  ]

  test.each(taken)('%s answers whatever it is sent with what is wrong with it', async (key, schema, bytesMax) => {
    // Scripts have tokens, and no login.
    const caller = key.includes(' /v1/api/') ? stage.callers.admins[1]! : admin
    const base = callLaws[key]!.ask('here', stage.world)
    const found = await inTurn(attempts(base, shapeKeys(schema)), async ([what, attempt, field]) =>
      faultsOf(what, await stage.call(caller, key, attempt), field),
    )
    expect(found).toEqual([])
    expect((await stage.call(caller, key, { ...base, body: `"${'x'.repeat(bytesMax)}"` })).status).toBe(413)
  })

  test.each(resources.filter(({ form }) => form.length > 0).map((resource) => [resource.name, resource] as const))(
    'a %s is not added or changed by what makes no sense',
    async (name, resource) => {
      const params = { resource: resource.path, id: stage.world.id(name, 'here') }
      const own = (method: string, below: string) => {
        const key = `${method} /api/v1/${resource.path}${below}`
        return stage.routes.has(key) ? key : `${method} /api/v1/{resource}${below}`
      }
      const change = attempts({ params, body: { revision: 999 } }, [...resource.form, 'revision'])
      const found = await inTurn(change, async ([what, attempt, field]) =>
        faultsOf(`change ${what}`, await stage.call(admin, own('PATCH', '/{id}'), attempt), field),
      )
      const add = resource.canAdd ? attempts({ params, body: {} }, resource.form.slice(0, 3)) : []
      found.push(
        ...(await inTurn(add, async ([what, attempt]) => faultsOf(`add ${what}`, await stage.call(admin, own('POST', ''), attempt)))),
      )
      expect(found).toEqual([])
    },
  )
})

describe('addresses', () => {
  const odd = ['a\u0000b', '\ud800', '💥', '..', "';--", '%', 'x'.repeat(5_000), '00000000-0000-0000-0000-00000000000g', '1', 'null']

  test('no id, however odd, is a failure of the console', async () => {
    const keys = [...stage.routes.keys()].filter((key) => key.includes('{id}'))
    const found = await inTurn(
      keys.flatMap((key) => odd.map((id) => [key, id] as const)),
      async ([key, id]) => {
        const body =
          callLaws[key]?.ask('here', stage.world).body ?? (key.startsWith('GET') || key.startsWith('DELETE') ? undefined : { revision: 1 })
        return faultsOf(`${key} ${id.slice(0, 20)}`, await stage.call(admin, key, { params: { resource: 'herds', id }, body }))
      },
    )
    expect(found).toEqual([])
  })

  const questions = [
    'a\u0000b',
    '💥',
    '\\',
    ',',
    '"',
    '%%%',
    '>x',
    '!!',
    '~',
    '99999999999999999999',
    '-1',
    '1e5',
    "';--",
    'x'.repeat(5_000),
  ]
  const asQuery = (names: readonly string[]) =>
    names.flatMap((name) => questions.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`))

  test('no filter of any list is one either', async () => {
    // Fields of one kind are read by the same code: one of each kind in each list.
    const asked = resources.flatMap(({ path, fields }) => {
      const ofKind = new Map(Object.entries(fields).map(([name, { kind }]) => [kind, name]))
      return asQuery([...ofKind.values()]).map((query) => [path, query] as const)
    })
    const found = await inTurn(asked, async ([path, query]) => {
      const key = stage.routes.has(`GET /api/v1/${path}`) ? `GET /api/v1/${path}` : 'GET /api/v1/{resource}'
      return faultsOf(`${path}?${query.slice(0, 60)}`, await stage.call(admin, key, { params: { resource: path }, query }))
    })
    expect(found).toEqual([])
  })

  test('nor is any other word of an address', async () => {
    const words = asQuery([
      'q',
      'sort',
      'page',
      'per',
      'columns',
      'format',
      'facets',
      'shape',
      'max',
      'after',
      'nobodyKnowsThis',
      '__proto__',
    ])
    const keys = ['GET /api/v1/{resource}', 'GET /api/v1/{resource}/{id}/history', 'GET /api/rows/{resource}', 'GET /api/export/{resource}']
    const asked = words.flatMap((query) => [...keys, 'GET /api/find', 'GET /api/v1/runs/{id}/events'].map((key) => [key, query] as const))
    const params = { resource: 'herds', id: stage.world.id('herd', 'here') }
    const found = await inTurn(asked, async ([key, query]) => {
      const at = key.includes('runs') ? { id: stage.world.id('run', 'here') } : params
      return faultsOf(`${key} ${query.slice(0, 60)}`, await stage.call(admin, key, { params: at, query }))
    })
    expect(found).toEqual([])
  })

  test('nor are headers', async () => {
    const found: string[] = []
    for (const headers of [
      { cookie: 'next-auth.session-token=%zz' },
      { authorization: 'Bearer ' },
      { authorization: 'Basic eDp5' },
      { authorization: `Bearer mat_${'x'.repeat(50_000)}` },
      { ...admin.headers, 'idempotency-key': 'x'.repeat(300) },
      { ...admin.headers, 'last-event-id': '99999999999999999999' },
      { ...admin.headers, 'last-event-id': '-1' },
    ] as Record<string, string>[])
      for (const key of ['GET /api/v1/me', 'GET /api/v1/runs/{id}/events', 'POST /api/v1/tokens']) {
        const attempt = callLaws[key]!.ask('here', stage.world)
        found.push(...faultsOf(`${key} ${JSON.stringify(headers).slice(0, 60)}`, await stage.call({ ...admin, headers }, key, attempt)))
      }
    expect(found).toEqual([])
  })
})
