import { describe, expect, test } from 'vitest'
import type { TroubledInstance } from './fleet'
import { fleetOf, herdOf } from './fleet.fixture'
import { fleetProblems, herdSeverity } from './judge'

const kindsOf = (over: Parameters<typeof fleetOf>[0]) => fleetProblems(fleetOf(over)).map(({ kind, total }) => [kind, total])

describe('what needs attention', () => {
  test('a healthy fleet needs nothing', () => {
    expect(kindsOf({})).toEqual([])
  })

  test('worst first: split brain and herds without a primary before lag, lag before a pending restart', () => {
    const instance = (trouble: TroubledInstance['trouble'], total: number): TroubledInstance => ({
      id: trouble,
      title: trouble,
      environmentId: 'prod',
      trouble,
      state: 'online',
      because: null,
      lagBytes: null,
      lagSeconds: null,
      since: null,
      total,
    })
    const herds = [herdOf('headless', { primaries: 0, primaryIdentifiers: 0, online: 2 }), herdOf('torn', { primaries: 2 })]
    const instances = [instance('pending-restart', 2), instance('lagging', 1), instance('down', 1)]
    expect(kindsOf({ herds, instances })).toEqual([
      ['split-brain', 1],
      ['no-primary', 1],
      ['down', 1],
      ['lagging', 1],
      ['pending-restart', 2],
    ])
  })

  test('a herd whose members were registered a moment ago is not without a primary, unless it has lost one', () => {
    const young = { primaries: 0, primaryIdentifiers: 0, online: 0, unseen: 3 }
    expect(kindsOf({ herds: [herdOf('new', { ...young, awaited: 3 })] })).toEqual([])
    expect(herdSeverity(herdOf('new', { ...young, awaited: 3 }))).toBeNull()
    expect(kindsOf({ herds: [herdOf('seen', young)] })).toEqual([['no-primary', 1]])
    expect(kindsOf({ herds: [herdOf('lost', { ...young, awaited: 1, lostAt: '2026-03-01T11:59:00.000Z' })] })).toEqual([['no-primary', 1]])
  })

  test('primaries of different systems are not a split brain', () => {
    expect(kindsOf({ herds: [herdOf('mixed', { primaries: 2, primaryIdentifiers: 2 })] })).toEqual([['foreign', 1]])
  })

  test('two managers of one herd are an alarm, and a pause of Patroni is told while it lasts', () => {
    const herds = [herdOf('orders', { isContested: true }), herdOf('shop', { isPaused: true })]
    expect(kindsOf({ herds })).toEqual([
      ['two-managers', 1],
      ['manager-paused', 1],
    ])
  })

  test('a fleet without a worker says so before anything else; an empty console does not', () => {
    expect(kindsOf({ workers: 0 })[0]![0]).toBe('no-worker')
    expect(kindsOf({ workers: 0, herds: [] })).toEqual([])
  })

  test('one’s own plan does not ask for one’s own approval', () => {
    const plan = {
      planId: 'p',
      title: 'Restart',
      actorName: 'otto',
      isOwn: true,
      resource: 'instance',
      operation: 'restart',
      eligible: 3,
      environmentIds: [],
      at: '',
    }
    expect(kindsOf({ approvals: [plan] })).toEqual([])
    expect(kindsOf({ approvals: [{ ...plan, isOwn: false }] })).toEqual([['approval', 1]])
  })

  test('a herd’s tile has the severity of its worst problem', () => {
    expect(herdSeverity(herdOf('x'))).toBeNull()
    expect(herdSeverity(herdOf('x', { troubles: { 'pending-restart': 1, down: 1 } }))).toBe(1)
    expect(herdSeverity(herdOf('x', { members: 0, primaries: 0 }))).toBeNull()
  })
})

test('a herd in which a health check found something critical is not told healthy', () => {
  expect(herdSeverity(herdOf('orders', { isHealthCritical: true }))).toBe(1)
})
