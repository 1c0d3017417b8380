import { expect, test } from 'vitest'
import { twinSession } from '@/e2e/harness/twin/sessions'
import type { Session } from '@/lib/domain/activity/session'
import { filtered, grouped, kindsShown, sessionsOf, signalQuery, stateWords } from './shown'

const member = (instanceId: string, sessions: Session[]) => ({
  instanceId,
  title: `shop on ${instanceId}`,
  environmentId: 'e',
  seenAt: null,
  because: null,
  showsStatements: true,
  activity: { at: '', sessions, leftOut: 0, prepared: [], progress: [] },
})

const idle = twinSession(3, { state: 'idle', transactionSeconds: null, application: 'till', statement: 'commit' })
const sessions = sessionsOf([
  member('a', [twinSession(1), twinSession(2, { blockedBy: [1], transactionSeconds: 500 }), idle]),
  member('b', [twinSession(4, { kind: 'walsender', transactionSeconds: null, application: 'n3', client: null })]),
])
const pids = (shown: typeof sessions) => shown.map(({ session }) => session.pid)

test('each choice shows what it says, the longest open transaction first', () => {
  expect(Object.fromEntries(kindsShown.map((kind) => [kind, pids(filtered(sessions, kind, ''))]))).toEqual({
    clients: [2, 1, 3],
    working: [2, 1, 4],
    waiting: [2],
    'in transaction': [2, 1],
    all: [2, 1, 3, 4],
  })
})

test('every word of a search must be in the row', () => {
  expect(pids(filtered(sessions, 'all', 'TILL commit'))).toEqual([3])
  expect(pids(filtered(sessions, 'all', 'shop on b'))).toEqual([4])
  expect(pids(filtered(sessions, 'all', 'till update'))).toEqual([])
})

test('groups are counted, the largest first', () => {
  expect(grouped(sessions, 'application').map((group) => [group.name, group.sessions.length])).toEqual([
    ['orders', 2],
    ['till', 1],
    ['n3', 1],
  ])
  expect(grouped(sessions, 'client').at(-1)!.name).toBe('over the socket')
})

test('an operation is told of the instances once, and of each session by its pid and start', () => {
  expect(decodeURIComponent(signalQuery(sessions.slice(0, 2)))).toBe(
    'ids=a&sessions=1@2026-03-01T12:00:00.123456Z,2@2026-03-01T12:00:00.123456Z',
  )
})

test('a state says what it waits for, unless it waits for its client', () => {
  expect(stateWords(twinSession(1, { waitType: 'Lock', wait: 'transactionid' }))).toBe('active, Lock: transactionid')
  expect(stateWords(twinSession(1, { state: 'idle', waitType: 'Client', wait: 'ClientRead' }))).toBe('idle')
})
