import './async-storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession } from '@/db/people/sessions'
import { getDb, getPool, inTransaction, notify } from '@/db/pg/client'
import { origin } from '@/e2e/harness/browser-login'
import { resources } from '@/lib/resources'
import { type Caller, withToken } from './callers'
import { callLaws, elsewhere, hostCalls, type Law, openCalls } from './laws'
import { type Answer, countOf, forEach, holds, isOwned, isRefused, openStage, type Stage, saidIn } from './stage'
import type { Place } from './world'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.stop())

const places = ['here', 'there'] as const

const isDone = (law: Pick<Law, 'done'>, { status, code }: Answer): boolean =>
  law.done.includes(status) || (code !== null && law.done.includes(code))

const judge = (at: string, isAllowed: boolean, answer: Answer, law: Law): string[] => {
  const wasDoneIn = law.doneIn !== undefined && answer.status === 200 && law.doneIn(JSON.parse(answer.text) as never)
  // Of those who may, one was the first; the others find it done.
  const wasDone =
    isDone(law, answer) && (law.doneIn === undefined || wasDoneIn || !/do not have the permission|may not see/.test(answer.text))
  const wasRefused = isRefused(answer) || (law.doneIn !== undefined && answer.status === 200 && !wasDoneIn)
  if (isAllowed ? wasDone : wasRefused) return []
  return [`${at}: ${isAllowed ? 'may, and got' : 'may not, and got'} ${answer.status} ${answer.code ?? ''} ${answer.text.slice(0, 200)}`]
}

describe('calls written by hand', () => {
  test.each(Object.entries(callLaws))('%s', async (key, law) => {
    const before = await stage.world.printOf('there')
    const faults = await forEach(stage.callers.known, async (caller) => {
      const found: string[] = []
      for (const place of places) {
        const attempt = law.ask(place, stage.world)
        const answer = await stage.call(caller, key, attempt)
        found.push(...judge(`${caller.name}, ${place}`, law.may(caller) && (place === 'here' || law.isPlaceless === true), answer, law))
        const told = stage.world.toldOf('there', answer.text, saidIn(attempt))
        if (told.length > 0) found.push(`${caller.name}, ${place}: told of ${told.slice(0, 3)}`)
      }
      return found
    })
    const strangers = await forEach(stage.callers.unknown, async (caller) => {
      const { status } = await stage.call(caller, key, law.ask('here', stage.world))
      return status === 401 ? [] : [`${caller.name} got ${status}`]
    })
    expect([...faults, ...strangers]).toEqual([])
    expect(await stage.world.printOf('there'), 'something of the other environment was changed').toBe(before)
  })

  test('what answers anybody tells nobody of an environment, and what asks for a host’s own secret takes no other', async () => {
    const all = [...stage.callers.known, ...stage.callers.unknown]
    for (const key of openCalls) {
      const answers = await Promise.all(all.map((caller) => stage.call(caller, key, {})))
      for (const { status, text } of answers) {
        expect([200, 503]).toContain(status)
        for (const place of places) expect(stage.world.toldOf(place, text, [])).toEqual([])
      }
    }
    for (const [key, attempt] of Object.entries(hostCalls))
      expect((await Promise.all(all.map((caller) => stage.call(caller, key, attempt)))).map(({ code }) => code)).toEqual(
        all.map(() => expect.stringMatching(/^auth\.(required|throttled)$/)),
      )
  })
})

describe.each(resources.map((resource) => [resource.name, resource] as const))('calls of %s', (name, resource) => {
  const keyOf = (method: string, below: string) => {
    const own = `${method} /api/v1/${resource.path}${below}`
    return stage.routes.has(own) ? own : `${method} /api/v1/{resource}${below}`
  }
  const at = { resource: resource.path }
  /** The rows of one’s own are not those of the two territories. */
  const seesList = (caller: Caller) => holds(caller, resource, 'view') || (isOwned(resource) && caller.kind === 'person')
  const laws: [string, Law][] = [
    ['', { ask: () => ({ params: at, query: 'facets=1' }), may: seesList, done: [200], isPlaceless: true }],
    ['', { ask: () => ({ params: at, query: 'format=csv' }), may: seesList, done: [200], isPlaceless: true }],
    [
      '/{id}',
      {
        ask: (place, { id }) => ({ params: { ...at, id: id(name, place) } }),
        may: (caller) => holds(caller, resource, 'view'),
        done: [200],
      },
    ],
    [
      '/{id}/history',
      {
        ask: (place, { id }) => ({ params: { ...at, id: id(name, place) } }),
        may: (caller) => holds(caller, resource, 'view'),
        done: [200],
      },
    ],
  ]
  const writes: [string, string, Law][] = [
    [
      'PATCH',
      '/{id}',
      {
        ask: (place, { id }) => ({ params: { ...at, id: id(name, place) }, body: { revision: 999 } }),
        may: (caller) => resource.form.length > 0 && holds(caller, resource, 'change'),
        done: ['record.conflict'],
      },
    ],
    [
      'POST',
      '',
      {
        ask: () => ({ params: at, body: {} }),
        may: (caller) => resource.canAdd && holds(caller, resource, 'add'),
        done: ['input.invalid'],
        isPlaceless: true,
      },
    ],
  ]
  const deletion: Law = {
    ask: (place, { id }) => ({ params: { ...at, id: id(name, place) } }),
    may: () => false,
    done: [204],
  }

  test('each role reads and changes in its own environment what its declaration says, and nothing in another', async () => {
    const before = await stage.world.printOf('there')
    const faults = await forEach(stage.callers.known, async (caller) => {
      const found: string[] = []
      const attempt = async (method: string, below: string, law: Law, place: Place) => {
        const key = keyOf(method, below)
        // Adding has a law of its own where it is not the generic one.
        if (callLaws[key]) return
        const asked = law.ask(place, stage.world)
        const answer = await stage.call(caller, key, asked)
        const where = `${caller.name}: ${method} ${below} ${asked.query ?? ''} ${place}`
        found.push(...judge(where, law.may(caller) && (place === 'here' || law.isPlaceless === true), answer, law))
        const told = stage.world.toldOf('there', answer.text, saidIn(asked))
        if (told.length > 0) found.push(`${where}: told of ${told.slice(0, 3)}`)
      }
      for (const place of places) {
        for (const [below, law] of laws) if (place === 'here' || !law.isPlaceless) await attempt('GET', below, law, place)
        for (const [method, below, law] of writes) if (place === 'here' || !law.isPlaceless) await attempt(method, below, law, place)
        if (place === 'there' || !(resource.canDelete && holds(caller, resource, 'delete')))
          await attempt('DELETE', '/{id}', deletion, place)
      }
      for (const key of [`GET /api/rows/{resource}`, `GET /api/export/{resource}`]) {
        const answer = await stage.call(caller, key, { params: at })
        found.push(...judge(`${caller.name}: ${key}`, caller.kind === 'person' && seesList(caller), answer, laws[0]![1]))
        const told = stage.world.toldOf('there', answer.text, [])
        if (told.length > 0) found.push(`${caller.name}: ${key}: told of ${told.slice(0, 3)}`)
      }
      return found
    })
    expect(faults).toEqual([])
    expect(await stage.world.printOf('there'), 'something of the other environment was changed').toBe(before)
  })

  test('who is nobody, or nobody any more, gets nothing', async () => {
    const id = stage.world.id(name, 'here')
    const keys = [
      ...laws.map(([below]) => keyOf('GET', below)),
      ...writes.map(([method, below]) => keyOf(method, below)),
      keyOf('DELETE', '/{id}'),
      'GET /api/rows/{resource}',
      'GET /api/export/{resource}',
    ]
    const faults = await forEach(stage.callers.unknown, async (caller) => {
      const found: string[] = []
      for (const key of new Set(keys)) {
        const { status } = await stage.call(caller, key, { params: { ...at, id }, ...(/^(POST|PATCH)/.test(key) ? { body: {} } : {}) })
        if (status !== 401) found.push(`${caller.name}: ${key}: ${status}`)
      }
      return found
    })
    expect(faults).toEqual([])
  })
})

test('a token widens neither itself nor its life, and reaches nothing else of its owner’s; it may end itself', async () => {
  const { rows } = await getPool().query<{ id: string; revision: number; person_id: string }>(
    `select id, revision, person_id from tokens where name = 'viewer by token'`,
  )
  const { id, revision, person_id: ownerId } = rows[0]!
  const viewer = stage.callers.known.find(({ name }) => name === 'viewer by token')!
  const wider = { role: 'admin', environmentId: null, expiresAt: null, revision }
  const params = { id }
  expect((await stage.call(viewer, 'PATCH /api/v1/tokens/{id}', { params, body: wider })).code).toBe('access.denied')
  const admin = await withToken('admin by short token', 'admin', null)
  const own = { params: { id: admin.tokenId }, body: { expiresAt: null, revision: 1 } }
  expect((await stage.call(admin, 'PATCH /api/v1/tokens/{id}', own)).code).toBe('access.denied')
  const other = await inTransaction((tx) => openSession(tx, { personId: ownerId, groups: [], from: null, userAgent: null, hours: 1 }))
  expect((await stage.call(viewer, 'DELETE /api/v1/sessions/{id}', { params: { id: other } })).code).toBe('record.missing')
  expect((await stage.call(viewer, 'GET /api/v1/tokens', {})).code).toBe('access.denied')
  const password = { params: { id: ownerId }, body: { password: 'a long enough password' } }
  expect((await stage.call(admin, 'PUT /api/v1/people/{id}/password', password)).code).toBe('access.denied')
  for (const [key, body] of [
    ['POST /api/v1/{resource}', { userName: 'made', fullName: '' }],
    ['POST /api/v1/tokens', { name: 'child' }],
  ] as const)
    expect((await stage.call(admin, key, { params: { resource: 'people' }, body })).code).toBe('access.denied')
  const kept = await getPool().query('select role, environment_id, revoked_at from tokens where id = $1', [id])
  expect(kept.rows).toEqual([{ role: 'viewer', environment_id: stage.world.id('environment', 'here'), revoked_at: null }])
  expect((await stage.call(admin, 'DELETE /api/v1/tokens/{id}', { params: { id: admin.tokenId } })).status).toBe(204)
  expect((await stage.call(admin, 'GET /api/v1/me', {})).status).toBe(401)
})

test('an administrator of one environment takes over nobody: no password, login, token or page of another person', async () => {
  const scoped = stage.callers.known.find(({ name }) => name === 'admin in person')!
  const victim = stage.callers.admins[0]!
  const { rows } = await getPool().query<{ session: string; token: string }>(
    `select (select id from sessions where person_id = $1) as session, (select id from tokens where revoked_at is null limit 1) as token`,
    [victim.personId],
  )
  const password = { params: { id: victim.personId }, body: { password: 'a long enough password' } }
  expect((await stage.call(scoped, 'PUT /api/v1/people/{id}/password', password)).code).toBe('access.denied')
  expect((await stage.call(scoped, 'DELETE /api/v1/sessions/{id}', { params: { id: rows[0]!.session } })).code).toBe('record.missing')
  expect((await stage.call(scoped, 'DELETE /api/v1/tokens/{id}', { params: { id: rows[0]!.token } })).code).toBe('record.missing')
  expect((await stage.call(victim, 'GET /api/v1/me', {})).status).toBe(200)
})

test('a run over two environments shows each only its own jobs, lines and strips, and is steered by nobody of one', async () => {
  const viewer = stage.callers.known.find(({ name }) => name === 'viewer in person')!
  const dba = stage.callers.known.find(({ name }) => name === 'dba in person')!
  const params = { id: stage.world.sharedRun }
  for (const key of ['GET /api/v1/runs/{id}', 'GET /api/v1/runs/{id}/events', 'GET /api/live/runs/{id}']) {
    const request = new Request(`${origin}/x`, { headers: viewer.headers })
    const response = await stage.routes.get(key)!(request, { params: Promise.resolve(params) })
    const text = await response.text()
    expect(stage.world.toldOf('there', text, []), key).toEqual([])
    expect(text, key).toContain(stage.world.id('shared-job', 'here'))
    expect(text, key).toContain('target-here')
  }
  expect(JSON.parse((await stage.call(viewer, 'GET /api/v1/runs/{id}', { params })).text)).toMatchObject({ jobsHidden: 1 })
  expect((await stage.call(dba, 'POST /api/v1/runs/{id}/cancel', { params })).code).toBe('access.denied')
  const body = { decision: 'resume', jobId: stage.world.id('shared-job', 'there') }
  expect((await stage.call(dba, 'POST /api/v1/runs/{id}/resume', { params, body })).code).toBe('run.closed')
  const everything = JSON.parse((await stage.call(stage.callers.admins[0]!, 'GET /api/v1/runs/{id}', { params })).text)
  expect(everything).toMatchObject({ jobsHidden: 0, jobs: [{}, {}] })
})

test('the stream of changes names only what its reader may see', async () => {
  const read = async (caller: Caller): Promise<string> => {
    const gone = new AbortController()
    const request = new Request(`${origin}/api/live/facts`, { headers: caller.headers, signal: gone.signal })
    const response = await stage.routes.get('GET /api/live/facts')!(request, { params: Promise.resolve({}) })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const tell = async (place: Place) => {
      await notify(getDb(), 'facts', stage.world.id('instance', place))
      await notify(getDb(), 'runs', stage.world.id('run', place))
    }
    await reader.read()
    // What it listens to is open once something came over it, which everybody gets.
    const asking = setInterval(() => void notify(getDb(), 'records', 'fleet'), 50)
    while (!text.includes('fleet')) text += (await reader.read()).value
    clearInterval(asking)
    await tell('there')
    await tell('here')
    // Of what somebody without a grant is told nothing comes: the next word that everybody gets is the end.
    await notify(getDb(), 'records', 'fleet-end')
    while (
      !text.includes('fleet-end') ||
      (caller.role !== null && !(text.includes(stage.world.id('instance', 'here')) && text.includes(stage.world.id('run', 'here'))))
    )
      text += (await reader.read()).value
    gone.abort()
    return text
  }
  const names = ['viewer in person', 'person without a grant', 'admin by token']
  const texts = await Promise.all(names.map((name) => read(stage.callers.known.find((caller) => caller.name === name)!)))
  for (const text of texts) expect(stage.world.toldOf('there', text, [])).toEqual([])
})

test('every route on disk was tried: a new one stands here', async () => {
  expect([...stage.routes.keys()].filter((key) => !stage.tried.has(key) && !elsewhere[key])).toEqual([])
  expect(await countOf('herds')).toBe(2)
})
