import './async-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '@/lib/operations'
import { resourceByName, resources } from '@/lib/resources'
import type { Caller } from './callers'
import { handedOut, inNext, sentTo } from './in-next'
import { actionLaws } from './laws'
import { actionFiles, actionsOnDisk, type PageOf, pagesOnDisk } from './on-disk'
import { forEach, isRefused, isTerritorial, openStage, type Stage, saidIn } from './stage'

let stage: Stage
let pages: Map<string, PageOf>
beforeAll(async () => {
  stage = await openStage()
  pages = await pagesOnDisk()
})
afterAll(() => stage?.stop())

const places = ['here', 'there'] as const

describe('server actions', () => {
  test('there is one file of them', () => {
    expect(actionFiles()).toEqual(['app/(console)/actions.ts'])
  })

  const act = async (caller: Caller, name: string, given: unknown[]): Promise<{ code: string | null; text: string } | 'login'> => {
    stage.tried.add(`action ${name}`)
    const actions = await actionsOnDisk()
    try {
      const said = (await inNext(caller.headers, () => actions[name]!(...(given as never[])))) as
        | { ok?: boolean; code?: string }
        | undefined
      return { code: said?.ok === false ? said.code! : null, text: JSON.stringify(said) ?? '' }
    } catch (error) {
      expect(sentTo(error)).toMatch(/^\/login/)
      return 'login'
    }
  }

  test.each(Object.entries(actionLaws))('%s', async (name, law) => {
    const before = await stage.world.printOf('there')
    const known = stage.callers.known.filter(({ kind }) => kind === 'person')
    const faults = await forEach(known, async (caller) => {
      const found: string[] = []
      for (const place of places) {
        const given = law.given(place, stage.world)
        const answer = await act(caller, name, given)
        if (answer === 'login') return [`${caller.name} was sent to the login page`]
        const isAllowed = law.may(caller) && (place === 'here' || law.isPlaceless === true)
        const wasDone = answer.code === null || law.done?.includes(answer.code) === true
        if (isAllowed ? !wasDone : !isRefused(answer))
          found.push(`${caller.name}, ${place}: ${isAllowed ? 'may' : 'may not'}, and got ${answer.text}`)
        const told = stage.world.toldOf('there', answer.text, saidIn(given))
        if (told.length > 0) found.push(`${caller.name}, ${place}: told of ${told.slice(0, 3)}`)
      }
      return found
    })
    const tokens = stage.callers.known.filter(({ kind }) => kind === 'token')
    const strangers = await forEach([...tokens, ...stage.callers.unknown], async (caller) =>
      (await act(caller, name, law.given('here', stage.world))) === 'login' ? [] : [`${caller.name} was let in`],
    )
    expect([...faults, ...strangers]).toEqual([])
    expect(await stage.world.printOf('there'), 'something of the other environment was changed').toBe(before)
  })
})

describe('pages', () => {
  /** What the browser gets of it, or where it is sent: null is Next's *not found*. */
  const open = async (caller: Caller, path: string, params: Record<string, string>, search: Record<string, string> = {}) => {
    stage.tried.add(`page ${path}`)
    try {
      const props = { params: Promise.resolve(params), searchParams: Promise.resolve(search), children: null }
      return { text: await inNext(caller.headers, async () => handedOut(await pages.get(path)!(props))) }
    } catch (error) {
      return { to: sentTo(error) }
    }
  }
  const persons = () => stage.callers.known.filter(({ kind }) => kind === 'person')
  const mustTellNothing = async (path: string, params: Record<string, string>, search: Record<string, string> = {}) => {
    const faults = await forEach(persons(), async (caller) => {
      const answer = await open(caller, path, params, search)
      const said = [...saidIn(params), ...saidIn(search)]
      const told = stage.world.toldOf('there', answer.text ?? answer.to ?? '', said)
      return told.length > 0 ? [`${caller.name}: ${path}: told of ${told.slice(0, 3)}`] : []
    })
    const sample = [stage.callers.unknown[0]!, stage.callers.unknown[2]!, stage.callers.known.find(({ kind }) => kind === 'token')!]
    const strangers = await forEach(sample, async (caller) => {
      const { to } = await open(caller, path, params, search)
      return to?.startsWith('/login') ? [] : [`${caller.name}: ${path} was shown`]
    })
    expect([...faults, ...strangers]).toEqual([])
  }

  test.each(resources.map((resource) => [resource.name, resource] as const))(
    'those of %s tell nothing of another environment',
    async (name, resource) => {
      const own = (below: string) => (pages.has(`/${resource.path}${below}`) ? `/${resource.path}${below}` : `/{resource}${below}`)
      for (const below of ['', '/add', '/help']) if (pages.has(own(below))) await mustTellNothing(own(below), { resource: resource.path })
      for (const below of ['/{id}', '/{id}/edit', '/{id}/history', '/{id}/delete'])
        for (const place of places) await mustTellNothing(own(below), { resource: resource.path, id: stage.world.id(name, place) })
      if (isTerritorial(resource) && !own('/{id}').includes(resource.path)) {
        const admin = stage.callers.known.find(({ name: who }) => who === 'admin in person')!
        const shown = await open(admin, own('/{id}'), { resource: resource.path, id: stage.world.id(name, 'here') })
        expect(shown.text, 'the page of one’s own says nothing of it').toContain(stage.world.id(name, 'here'))
      }
    },
  )

  test('those of operations, with a plan of either environment', async () => {
    for (const { name, on } of operations)
      await mustTellNothing('/{resource}/run/{operation}', { resource: resourceByName(on)!.path, operation: name })
    for (const place of places)
      await mustTellNothing(
        '/{resource}/run/{operation}',
        { resource: 'instances', operation: 'reload' },
        { plan: stage.world.id('plan', place) },
      )
  })

  test('those written by hand', async () => {
    for (const path of [
      '/',
      '/ (layout)',
      '/discovery',
      '/audit/verify',
      '/settings',
      '/prices',
      '/blueprints/import',
      '/stacks/wizard',
      '/pygmy-scripts',
      '/savings',
      '/postgresql-settings',
      '/help',
      '/account',
      '/enrolment-keys/add',
      '/tokens/add',
    ])
      await mustTellNothing(path, {})
    for (const place of places) {
      await mustTellNothing('/people/{id}/access', { id: stage.world.id('person', place) })
      await mustTellNothing('/runs/{id}', { id: stage.world.id('run', place) })
      await mustTellNothing('/certificates/{id}', { id: stage.world.id('certificate', place) })
      await mustTellNothing('/failovers/{id}', { id: stage.world.id('failover', place) })
      for (const [resource, name] of [
        ['instances', 'instance'],
        ['herds', 'herd'],
      ] as const)
        for (const page of ['activity', 'health', 'settings', 'timeline'])
          await mustTellNothing(`/{resource}/{id}/${page}`, { resource, id: stage.world.id(name, place) })
      await mustTellNothing('/{resource}/{id}/patroni', { resource: 'herds', id: stage.world.id('herd', place) })
      await mustTellNothing('/{resource}/{id}/statements', { resource: 'instances', id: stage.world.id('instance', place) })
      for (const [resource, name] of [
        ['instances', 'instance'],
        ['herds', 'herd'],
        ['servers', 'server'],
      ] as const)
        await mustTellNothing('/{resource}/{id}/charts', { resource, id: stage.world.id(name, place) })
      await mustTellNothing('/{resource}/{id}/timeline', { resource: 'servers', id: stage.world.id('server', place) })
      await mustTellNothing('/{resource}/{id}/log', { resource: 'instances', id: stage.world.id('instance', place) })
    }
    await mustTellNothing('/runs/{id}', { id: stage.world.sharedRun })
    // The way in itself, and where a proof at the identity provider ends: open to anybody, with nothing on them.
    for (const path of ['/login', '/proved']) stage.tried.add(`page ${path}`)
  })
})

test('every page and every action on disk was tried: a new one stands here', async () => {
  const there = [...[...pages.keys()].map((path) => `page ${path}`), ...Object.keys(await actionsOnDisk()).map((name) => `action ${name}`)]
  expect(there.filter((one) => !stage.tried.has(one))).toEqual([])
})
