import './async-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultTable } from '@/lib/kernel/ground/errors'
import { operations } from '@/lib/operations'
import { resourceByName, resources } from '@/lib/resources'
import type { Caller } from './callers'
import { handedOut, inNext, sentTo } from './in-next'
import { actionLaws } from './laws'
import { actionsOnDisk, type PageOf, pagesOnDisk } from './on-disk'
import { openStage, type Stage } from './stage'

let stage: Stage
let pages: Map<string, PageOf>
let admin: Caller
beforeAll(async () => {
  stage = await openStage()
  pages = await pagesOnDisk()
  admin = stage.callers.admins[0]!
})
afterAll(() => stage?.stop())

const nested = (deep: number): unknown => (deep === 0 ? 1 : { a: nested(deep - 1) })

/** Right for few arguments. A browser can send each of these to a server action, and more than any type says. */
const oddities: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  1e300,
  Number.NaN,
  10n ** 40n,
  '',
  'a\u0000b',
  '\ud800',
  '‮💥ﷺ\u200b',
  'x'.repeat(100_000),
  '__proto__',
  'constructor',
  "'; drop table people; --",
  '00000000-0000-0000-0000-00000000000g',
  [],
  [null],
  [[['x']]],
  Array.from({ length: 2_000 }, () => 'x'),
  {},
  { nobodyKnowsThis: 1 },
  nested(2_000),
  new Map([['a', 1]]),
  new Date(Number.NaN),
]

const named = (value: unknown): string => {
  try {
    return String(JSON.stringify(value)).slice(0, 30)
  } catch {
    return typeof value
  }
}

/** The same call with one of its arguments odd, or one key of an argument, or one argument too few or too many. */
const oddCalls = (given: readonly unknown[]): [string, unknown[]][] => [
  ['no arguments', []],
  ...given.flatMap((whole, at) => {
    const withPart = (part: unknown) => given.map((one, index) => (index === at ? part : one))
    const isRecord = typeof whole === 'object' && whole !== null && !Array.isArray(whole)
    const keys = isRecord ? Object.keys(whole) : []
    return [
      ...oddities.map((odd): [string, unknown[]] => [`argument ${at}: ${named(odd)}`, withPart(odd)]),
      ...keys.flatMap((key) =>
        oddities.map((odd): [string, unknown[]] => [`${at}.${key}: ${named(odd)}`, withPart({ ...(whole as object), [key]: odd })]),
      ),
    ]
  }),
]

const inLanes = async <T>(all: readonly T[], work: (one: T) => Promise<string | null>): Promise<string[]> => {
  const found: string[] = []
  const rest = all.values()
  const lane = async () => {
    for (const one of rest) {
      const fault = await work(one)
      if (fault !== null) found.push(fault)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return found
}

/** A refusal that has no failure of the console in it: its code is known and is not that of a bug. */
const faultOfAnswer = (said: unknown): string | null => {
  const { ok, code } = (said ?? {}) as { ok?: boolean; code?: string }
  if (ok !== false) return null
  return code === undefined || !Object.hasOwn(faultTable, code) || code === 'internal.bug' ? `answered ${JSON.stringify(said)}` : null
}

const failure = (error: unknown): string | null => {
  try {
    sentTo(error)
    return null
  } catch (thrown) {
    return `threw ${(thrown as Error).stack?.split('\n').slice(0, 3).join(' ')}`
  }
}

/** What the server failed at; null: it answered, or sent the person elsewhere. */
const failsAt = async (what: string, work: () => Promise<unknown>, judge: (said: unknown) => string | null = () => null) => {
  const fault = await inNext(admin.headers, work).then(judge, failure)
  return fault === null ? null : `${what}: ${fault}`
}

test.each(Object.entries(actionLaws))('the action %s answers whatever it is given with what is wrong with it', async (name, law) => {
  const action = (await actionsOnDisk())[name]!
  const found = await inLanes(oddCalls(law.given('here', stage.world)), ([what, given]) =>
    failsAt(what, () => action(...(given as never[])), faultOfAnswer),
  )
  expect(found).toEqual([])
})

describe('pages', () => {
  const values: readonly (string | string[])[] = [
    '',
    'a\u0000b',
    '\ud800',
    '💥‮',
    '\\',
    '%%%',
    '!!',
    '-1',
    '1e400',
    '99999999999999999999',
    '2026-13-45',
    "';--",
    '{"a":[',
    '__proto__',
    'x'.repeat(20_000),
    ['a', 'b'],
    ['x', 'a\u0000b'],
  ]
  /** What any page reads of its address, and what none does. */
  const words = ['q', 'sort', 'page', 'per', 'columns', 'wall', 'plan', 'before', 'ids', 'of', 'callbackUrl', 'error', '__proto__', 'x']

  const open = (path: string, params: Record<string, string>, search: [string, unknown][]) =>
    failsAt(`${path} ${named(params)} ${named(search)}`, () =>
      handedOut(
        pages.get(path)!({
          params: Promise.resolve(params),
          searchParams: Promise.resolve(Object.fromEntries(search) as Record<string, string>),
          children: null,
        }),
      ),
    )
  const paramsOf = (path: string): Record<string, string> => {
    const kinds: Record<string, string> = { people: 'person', runs: 'run', certificates: 'certificate', failovers: 'failover' }
    const kind = kinds[path.split('/')[1] ?? ''] ?? 'instance'
    return { resource: 'instances', id: stage.world.id(kind, 'here'), operation: 'reload' }
  }

  test('none fails at a word of its address, however odd', async () => {
    const asked = [...pages.keys()].flatMap((path) =>
      words.flatMap((word) => values.map((value) => [path, paramsOf(path), [[word, value]] as [string, unknown][]] as const)),
    )
    expect(await inLanes(asked, ([path, params, search]) => open(path, params, search))).toEqual([])
  })

  test('no list and no form fails at an odd value of any kind of field', async () => {
    const asked = resources.flatMap(({ path, fields }) => {
      const ofKind = new Map(Object.entries(fields).map(([name, { kind }]) => [kind, name]))
      const below = ['', '/add'].map((end) => (pages.has(`/${path}${end}`) ? `/${path}${end}` : `/{resource}${end}`))
      return below.flatMap((page) =>
        [...ofKind.values()].flatMap((name) =>
          values.map((value) => [page, { resource: path }, [[name, value]] as [string, unknown][]] as const),
        ),
      )
    })
    expect(await inLanes(asked, ([path, params, search]) => open(path, params, search))).toEqual([])
  })

  test('none fails at an odd id, resource or operation', async () => {
    const odd = values.filter((value): value is string => typeof value === 'string')
    const asked = [...pages.keys()].flatMap((path) =>
      [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) =>
        odd.map((value) => [path, { ...paramsOf(path), [name!]: value }, [] as [string, unknown][]] as const),
      ),
    )
    expect(await inLanes(asked, ([path, params, search]) => open(path, params, search))).toEqual([])
  })

  test('no operation’s page fails at an odd question', async () => {
    const asked = operations.flatMap(({ name, on }) =>
      ['plan', 'before', 'ids', 'of'].flatMap((word) =>
        values.map((value) => [{ resource: resourceByName(on)!.path, operation: name }, [[word, value]] as [string, unknown][]] as const),
      ),
    )
    expect(await inLanes(asked, ([params, search]) => open('/{resource}/run/{operation}', params, search))).toEqual([])
  })
})
