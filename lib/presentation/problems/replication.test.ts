import { expect, test } from 'vitest'
import type { TroubledReplication } from '@/lib/domain/problems/fleet'
import { fleetOf } from '@/lib/domain/problems/fleet.fixture'
import { paths } from './paths.fixture'
import { presentProblems } from './present'

const trouble = (of: TroubledReplication['trouble'], over: Partial<TroubledReplication> = {}): TroubledReplication => ({
  id: of,
  title: `shop on ${of}`,
  herdId: 'h',
  environmentId: 'prod',
  trouble: of,
  other: 'shop on a',
  otherState: null,
  timeline: 1,
  otherTimeline: 2,
  count: null,
  bytes: null,
  since: null,
  seenAt: null,
  fenced: null,
  fencedAt: null,
  total: 1,
  ...over,
})
const problemOf = (one: TroubledReplication) =>
  presentProblems(fleetOf({ replication: [one] }), paths).find((problem) => problem.kind === one.trouble)!

test('each problem has its own text and links to its next step', () => {
  const said = (one: TroubledReplication) => {
    const [item] = problemOf(one).items
    return [problemOf(one).title, item!.detail, item!.next!.href]
  }
  expect(said(trouble('forked'))).toEqual([
    '1 standby is on another timeline than the primary',
    'on timeline 1; shop on a is on 2',
    '/instances/run/rebuild?ids=forked',
  ])
  expect(said(trouble('orphaned', { otherState: 'stopped' }))[1]).toBe('follows shop on a, which is stopped')
  expect(said(trouble('orphaned', { other: '10.0.0.9:5432' }))[1]).toBe('follows 10.0.0.9:5432, which is no member of its herd')
  expect(said(trouble('orphaned', { other: null }))[1]).toBe('follows nobody')
  expect(said(trouble('idle-slot', { count: 2, bytes: 3 * 1024 ** 3, other: 'shop_c' })).slice(1)).toEqual([
    '2 slots, most by shop_c, 3 GB of WAL retained',
    '/instances/run/drop-slot?ids=idle-slot&slot=shop_c',
  ])
  expect(said(trouble('idle-slot', { count: 1, bytes: null, other: 'shop_c' }))[1]).toBe('slot shop_c')
  expect(said(trouble('idle-slot', { count: 2, bytes: null, other: null }))[1]).toBe('2 slots')
  expect(said(trouble('replaced', { other: 'b was promoted', otherState: 'stopped' }))).toEqual([
    '1 former primary must not start as primary',
    'stopped; b was promoted',
    '/instances/run/rejoin?ids=replaced',
  ])
  expect(said(trouble('twice'))[1]).toBe('it is the same server as shop on a')
})

test('counts are of all, also of those that are not listed', () => {
  expect(problemOf(trouble('orphaned', { total: 40 }))).toMatchObject({ total: 40, title: '40 standbys have no upstream to follow' })
})

test('a former primary that the console stopped says who did it, when and why', () => {
  const stopped = trouble('replaced', {
    other: 'b was promoted in its place.',
    otherState: 'stopped',
    fenced: 'stopped',
    fencedAt: '2026-03-01T08:37:16.000Z',
  })
  expect(problemOf(stopped).items[0]!.detail).toBe('stopped by Matriarch at 2026-03-01 08:37:16 UTC: b was promoted in its place.')
  expect(problemOf({ ...stopped, fenced: 'signal' }).items[0]!.detail).toMatch(/^barred from starting read-write by Matriarch at/)
})

test('inactive slots say when they were seen, since the instance that has them may not have been seen for long', () => {
  const seenAt = '2026-03-01T09:00:00.000Z'
  expect(problemOf(trouble('idle-slot', { seenAt })).items[0]).toMatchObject({ seenAt })
  expect(problemOf(trouble('forked', { seenAt })).items[0]).not.toHaveProperty('seenAt')
})
