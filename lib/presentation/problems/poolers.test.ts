import { expect, test } from 'vitest'
import type { TroubledPooler } from '@/lib/domain/problems/fleet'
import { fleetOf } from '@/lib/domain/problems/fleet.fixture'
import { paths } from './paths.fixture'
import { presentProblems } from './present'

const trouble = (over: Partial<TroubledPooler>): TroubledPooler => ({
  id: 'p',
  title: 'pgbouncer on n1',
  environmentId: 'e',
  trouble: 'paused',
  state: 'online',
  because: null,
  since: '2026-03-01T11:59:00.000Z',
  seenAt: '2026-03-01T11:59:58.000Z',
  target: '10.0.0.2:5432',
  wanted: '10.0.0.1:5432',
  waiting: 12,
  herds: [],
  total: 1,
  ...over,
})
const found = (one: TroubledPooler) => presentProblems(fleetOf({ poolers: [one] }), paths)[0]!

test('a paused pooler says since when and who waits, and links to its resume', () => {
  const problem = found(trouble({}))
  expect(problem).toMatchObject({ kind: 'pooler-paused', severity: 0, title: '1 pooler is paused: clients wait' })
  expect(problem.items[0]).toMatchObject({
    detail: 'paused, 12 clients wait',
    since: '2026-03-01T11:59:00.000Z',
    seenAt: '2026-03-01T11:59:58.000Z',
    next: { label: 'Resume', href: '/poolers/run/resume-pooler?ids=p' },
  })
})

test('several paused poolers are resumed together; when more are paused than are listed, it links to their list', () => {
  const several = (total: number) => presentProblems(fleetOf({ poolers: [trouble({ total }), trouble({ id: 'q', total })] }), paths)[0]!
  expect(several(2).next).toEqual({ label: 'Resume all 2', href: '/poolers/run/resume-pooler?ids=p,q' })
  expect(several(3).next).toBeUndefined()
  expect(several(3).href).toBe('/poolers?paused=some,all')
})

test('a stale pooler says what it points to and what it should point to, and links to the operation that repairs it', () => {
  const problem = found(trouble({ trouble: 'stale', because: 'PgBouncer refused' }))
  expect(problem.items[0]).toMatchObject({
    detail: 'points to 10.0.0.2:5432 instead of 10.0.0.1:5432: PgBouncer refused',
    next: { href: '/poolers/run/follow-primary?ids=p' },
  })
})

test('a pooler that does not answer says why', () => {
  expect(found(trouble({ trouble: 'down', state: 'stopped', because: 'nothing listens', since: null })).items[0]!.detail).toBe(
    'nothing listens',
  )
})

test('a pooler that serves several herds says of which of them it has the trouble', () => {
  const crm = { name: 'crm', target: '10.0.1.2:5432', wanted: '10.0.1.1:5432' }
  const stale = found(trouble({ trouble: 'stale', herds: [crm] }))
  expect(stale.items[0]!.detail).toBe('crm points to 10.0.1.2:5432 instead of 10.0.1.1:5432')
  expect(found(trouble({ herds: [crm] })).items[0]!.detail).toBe('crm paused, 12 clients wait')
})
