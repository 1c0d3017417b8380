import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pagesOwn, unserved } from './unserved'

const folder = join(import.meta.dirname, '..')
const id = '3f1c0000-0000-4000-8000-000000000001'

test('a path that nobody serves is refused as one, wherever it lies under /api', () => {
  for (const path of [
    '/api',
    '/api/v1',
    '/api/nosuch',
    '/api/v1/unicorns',
    `/api/v1/herds/${id}/nosuch`,
    '/api/v2/herds',
    '/api/v1/herds//lock',
  ])
    expect(unserved('GET', path), path).toMatchObject({ code: 'call.missing', status: 404 })
})

test('a method that a path does not take is refused with those that it takes', () => {
  expect(unserved('PUT', '/api/v1/herds')).toMatchObject({ code: 'call.method', status: 405, facts: { allowed: ['GET', 'HEAD', 'POST'] } })
  expect(unserved('DELETE', '/api/v1/runs')?.facts.allowed).toEqual(['GET', 'HEAD', 'POST'])
  expect(unserved('GET', `/api/v1/runs/${id}/cancel`)?.facts.allowed).toEqual(['POST'])
  // Not the object of that id.
  expect(unserved('GET', '/api/v1/discovered-hosts/ignore')?.facts.allowed).toEqual(['POST'])
})

test('what is served, and everything outside the API, is left to its route', () => {
  for (const path of ['/', '/herds', '/apis', '/metrics', '/api/health', '/api/v1/herds', `/api/v1/herds/${id}/lock`, '/api/v1/herds/'])
    expect(unserved('GET', path), path).toBeNull()
  for (const method of ['HEAD', 'OPTIONS']) expect(unserved(method, '/api/v1/herds'), method).toBeNull()
})

test('every folder under /api is part of the API, or named as one of the pages’ own', () => {
  const found = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  const isApi = new Set(['v1', 'health', 'ready', 'openapi.json'])
  expect(
    found
      .map(({ name }) => name)
      .filter((name) => !isApi.has(name))
      .sort(),
  ).toEqual([...pagesOwn].sort())
})
