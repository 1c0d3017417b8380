import { expect, test } from 'vitest'
import { busyClients, isLike } from './client-patterns'

test('patterns match as LIKE of PostgreSQL does, in any combination, and in a time that does not explode', () => {
  for (const [text, pattern, is] of [
    ['project_rw', 'project%', true],
    ['Project_rw', 'project%', false],
    ['bench-rw', 'bench-rw', true],
    ['bench-rw2', 'bench-rw', false],
    ['a_b', 'a\\_b', true],
    ['axb', 'a\\_b', false],
    ['axb', 'a_b', true],
    ['ab', 'a_b', false],
    ['', '%', true],
    ['', '_', false],
    ['50%', '50\\%', true],
    ['abcbcd', 'a%bcd', true],
    ['é', '_', true],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
    ['line\nbreak', 'line%', true],
  ] as const)
    expect(isLike(text, pattern), `${text} like ${pattern}`).toBe(is)
  expect(isLike('a'.repeat(2000), `${'%a'.repeat(50)}%b`)).toBe(false)
})

const session = (user: string, state: string | null, more: object = {}) => ({
  ...{ user, state, application: 'app', client: '10.0.0.9', kind: 'client backend', ...more },
})

test('clients that are active or in a transaction are counted by user, application and address, and others are not', () => {
  const sessions = [
    session('app_1', 'active'),
    session('app_2', 'idle in transaction'),
    session('app_3', 'idle in transaction (aborted)'),
    session('app_4', 'idle'),
    session('repack', 'active', { application: 'pg_repack' }),
    session('report', 'active', { client: '10.2.0.1' }),
    session('report', 'active', { client: null }),
    session('postgres', 'active', { application: 'matriarch' }),
    session('replicator', 'active', { kind: 'walsender' }),
  ]
  const count = (counted: string[], ignored: string[] = []) => busyClients({ sessions, leftOut: 0 }, { counted, ignored })
  expect(count([])).toBe(6)
  expect(count(['app\\_%'])).toBe(3)
  expect(count(['user:app%', 'report'])).toBe(5)
  expect(count([], ['application:pg_repack%', 'address:10.2.%'])).toBe(4)
  expect(count(['app%'], ['app_1'])).toBe(2)
  expect(busyClients({ sessions, leftOut: 3 }, { counted: [], ignored: [] })).toBeNull()
})
