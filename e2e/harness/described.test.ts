import { expect, test } from 'vitest'
import { openApiDocument } from '@/app/api/_lib/openapi'
import { type Answer, Description, type OpenApi } from './described'

const described = new Description(JSON.parse(JSON.stringify(openApiDocument())) as OpenApi)
const id = '3f1c0000-0000-4000-8000-000000000001'
const json = (body: unknown, over: Partial<Answer> = {}, type = 'application/json'): string[] =>
  described.faultsOf({
    method: 'GET',
    path: '/api/v1/environments',
    status: 200,
    headers: new Headers({ 'content-type': type }),
    text: JSON.stringify(body),
    ...over,
  })
const item = { id, title: 'dev', revision: 1, name: 'dev' }
const page = (items: unknown[]) => ({ items, total: 1, page: 1, perPage: 50, references: {} })
const problem = {
  type: 'urn:matriarch:problem:call.method',
  title: 'x',
  status: 405,
  code: 'call.method',
  detail: 'x',
  canRetry: false,
}

test('an answer as the description has it is seen as that', () => {
  expect(json(page([item]))).toEqual([])
  expect(described.seen).toContain('GET /api/v1/environments 200')
})

test.each([
  ['a field that is missing', page([{ id, title: 'dev', name: 'dev' }])],
  ['a field that nobody described', page([{ ...item, secret: 'x' }])],
  ['a value of another type', page([{ ...item, name: 7 }])],
  ['a value that is none of the choices', page([{ ...item, colour: 'infrared' }])],
  ['an id that is none', page([{ ...item, id: 'x' }])],
])('%s is found', (_what, body) => {
  expect(json(body)).toHaveLength(1)
})

test('a status, a type of content, a body or an event that nobody described is found', () => {
  expect(json(problem, { status: 418 }, 'application/problem+json')[0]).toContain('status is not described')
  expect(json(page([item]), {}, 'text/html')[0]).toContain('text/html is not described')
  expect(json({}, { method: 'DELETE', path: `/api/v1/environments/${id}`, status: 204 })[0]).toContain('none is described')
  const events = { path: `/api/v1/runs/${id}/events`, headers: new Headers({ 'content-type': 'text/event-stream' }) }
  expect(json(null, { ...events, text: 'event: end\ndata: "finished"\n\n' })).toEqual([])
  expect(json(null, { ...events, text: 'event: end\ndata: "never"\n\n' })).toHaveLength(1)
  expect(json(null, { ...events, text: 'event: other\ndata: 1\n\n' })[0]).toContain('the event other is not described')
})

test('a refusal of a method has to be a problem, and to say with Allow all that the path takes', () => {
  const refused = (allow: string, type = 'application/problem+json') =>
    json(problem, { method: 'PUT', status: 405, headers: new Headers({ 'content-type': type, allow }) })
  expect(refused('GET, HEAD, POST')).toEqual([])
  expect(refused('GET')[0]).toContain('Allow')
  expect(refused('GET, HEAD, POST', 'text/plain')[0]).toContain('instead of a problem')
})
