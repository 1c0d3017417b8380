import { expect, test } from 'vitest'
import type { RunPolicy } from './plan'
import { defaultPolicy } from './plan'
import { type PolicyJob, schedule } from './policy'

const quiet = { cancelRequestedBy: null, isPastDeadline: false }
const policy = (change: Partial<RunPolicy> = {}): RunPolicy => ({ ...defaultPolicy, ...change })
const job = (id: string, change: Partial<PolicyJob> = {}): PolicyJob => ({
  id,
  title: id,
  state: 'waiting',
  wave: 0,
  herdId: null,
  serverId: null,
  locks: [],
  isHeld: false,
  ...change,
})

test('no more than `parallel` run at once, in order of title', () => {
  const jobs = [job('c'), job('a'), job('b'), job('r', { state: 'running', isHeld: true })]
  const { start, wait } = schedule(jobs, policy({ parallel: 2 }), quiet)
  expect(start).toEqual(['a'])
  expect([...wait.keys()]).toEqual(['b', 'c'])
  expect(wait.get('b')).toContain('at most 2 at once')
})

test('a server is given no more than `perServer`, while others go on', () => {
  const jobs = [job('a', { serverId: 's' }), job('b', { serverId: 's' }), job('c', { serverId: 's' }), job('d', { serverId: 't' })]
  const { start, wait } = schedule(jobs, policy({ perServer: 2 }), quiet)
  expect(start).toEqual(['a', 'b', 'd'])
  expect(wait.get('c')).toContain('its server')
})

test('a primary waits until every standby of its own herd has ended, and not for another herd', () => {
  const jobs = [
    job('p1', { herdId: '1', wave: 1 }),
    job('s1', { herdId: '1', state: 'running', isHeld: true }),
    job('p2', { herdId: '2', wave: 1 }),
    job('s2', { herdId: '2', state: 'done' }),
  ]
  const { start, wait } = schedule(jobs, policy(), quiet)
  expect(start).toEqual(['p2'])
  expect(wait.get('p1')).toBe('Waits for s1: standbys come first.')
  expect(schedule(jobs, policy({ standbysFirst: false }), quiet).start).toEqual(['p1', 'p2'])
})

test('a standby that needs attention keeps its primary waiting', () => {
  const jobs = [job('p', { herdId: '1', wave: 1 }), job('s', { herdId: '1', state: 'attention' })]
  expect(schedule(jobs, policy({ stopAfterFailures: null }), quiet).start).toEqual([])
})

test('two jobs with one lock never start together', () => {
  const jobs = [job('a', { locks: ['herd:1'] }), job('b', { locks: ['herd:1'] })]
  const { start, wait } = schedule(jobs, policy(), quiet)
  expect(start).toEqual(['a'])
  expect(wait.get('b')).toBe('Waits for a: one job at a time in a herd.')
})

test('after N failures nothing more starts and the rest is closed with the reason', () => {
  const jobs = [job('a', { state: 'failed' }), job('b', { state: 'attention' }), job('c'), job('d', { state: 'running', isHeld: true })]
  const { start, close } = schedule(jobs, policy({ stopAfterFailures: 2 }), quiet)
  expect(start).toEqual([])
  expect(close).toEqual([{ id: 'c', because: 'Not started: 2 targets failed, and the run stops after 2.' }])
  expect(schedule(jobs, policy({ stopAfterFailures: 3 }), quiet).start).toEqual(['c'])
  expect(schedule(jobs, policy({ stopAfterFailures: null }), quiet).start).toEqual(['c'])
})

test('a cancel or a passed deadline closes what waits, and a job whose driver was lost is still driven to its end', () => {
  const jobs = [job('a'), job('lost', { state: 'running' }), job('held', { state: 'running', isHeld: true })]
  for (const moment of [
    { cancelRequestedBy: 'anna', isPastDeadline: false },
    { cancelRequestedBy: null, isPastDeadline: true },
  ]) {
    const { start, close } = schedule(jobs, policy(), moment)
    expect(start).toEqual(['lost'])
    expect(close.map(({ id }) => id)).toEqual(['a'])
  }
})

test('a job whose driver was lost is taken again although the run is full', () => {
  const jobs = [job('lost', { state: 'running', locks: ['herd:1'] }), job('next', { locks: ['herd:1'] })]
  expect(schedule(jobs, policy({ parallel: 1 }), quiet).start).toEqual(['lost'])
})
