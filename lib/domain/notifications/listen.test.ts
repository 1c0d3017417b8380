import { expect, test } from 'vitest'
import { troubleOf } from './incident.fixture'
import { concerns, type Wants } from './listen'
import { families } from './trouble'

const wants = (over: Partial<Wants> = {}): Wants => ({
  id: 's',
  environmentId: 'prod',
  isPaused: false,
  leastSeverity: 'warning',
  families,
  ...over,
})

test('a subscription hears of its environment from its severity on, of the kinds that it names, while it is not paused', () => {
  expect(concerns(wants(), troubleOf())).toBe(true)
  expect(concerns(wants({ environmentId: 'dev' }), troubleOf())).toBe(false)
  expect(concerns(wants(), troubleOf({ severity: 2 }))).toBe(true)
  expect(concerns(wants(), troubleOf({ severity: 3 }))).toBe(false)
  expect(concerns(wants({ families: ['approvals'] }), troubleOf())).toBe(false)
  expect(concerns(wants({ isPaused: true }), troubleOf())).toBe(false)
})

test('what touches two environments, or none, is told only where all are listened to', () => {
  for (const environmentIds of [['prod', 'dev'], []]) {
    expect(concerns(wants(), troubleOf({ environmentIds }))).toBe(false)
    expect(concerns(wants({ environmentId: null }), troubleOf({ environmentIds }))).toBe(true)
  }
})

test('keys that expire, the inbox and failing subscriptions are told to nobody', () => {
  for (const kind of ['expiring', 'inbox', 'subscription-failing', 'no-worker'] as const)
    expect(concerns(wants({ environmentId: null, leastSeverity: 'info' }), troubleOf({ kind }))).toBe(false)
})
