import { expect, test } from 'vitest'
import { type Follower, upstreamChoices, whyNotFollow } from './who-may-follow'

const member = (id: string, over: Partial<Follower> = {}): Follower => ({
  id,
  title: id,
  state: 'online',
  role: 'standby',
  timeline: 2,
  systemIdentifier: '7001',
  upstreamId: 'a',
  version: '15.18',
  ...over,
})
const primary = member('a', { role: 'primary', upstreamId: null })
const cascade = [primary, member('b'), member('c', { upstreamId: 'b' }), member('d', { upstreamId: 'c' })]
const ask = (standby: string, upstream: string, members: readonly Follower[] = cascade) => {
  const [one, other] = [standby, upstream].map((id) => members.find((member) => member.id === id)!)
  return whyNotFollow(one!, other!, members)
}

test('a standby may follow the primary or another standby that it does not feed', () => {
  expect(ask('d', 'a')).toBeNull()
  expect(ask('d', 'b')).toBeNull()
  expect(ask('c', 'a')).toBeNull()
})

test('no circle: nobody may follow a member that gets its WAL from it, however far down', () => {
  expect(ask('b', 'c')).toMatch(/circle/)
  expect(ask('b', 'd')).toMatch(/circle/)
})

test('neither itself, nor whom it follows already, nor another system, major or an older timeline', () => {
  expect(ask('b', 'b')).toMatch(/itself/)
  expect(ask('b', 'a')).toMatch(/already/)
  const others = [
    primary,
    member('b', { timeline: 3 }),
    member('x', { systemIdentifier: '7002' }),
    member('y', { version: '14.2' }),
    member('z', { timeline: 2 }),
  ]
  expect(ask('b', 'x', others)).toMatch(/another system/)
  expect(ask('b', 'y', others)).toMatch(/PostgreSQL 14, this one 15/)
  expect(ask('b', 'z', others)).toMatch(/timeline 2, behind 3/)
})

test('one that does not stream from where it should may be put there again', () => {
  const loose = [primary, member('b', { syncState: null }), member('c', { syncState: 'async' })]
  expect(ask('b', 'a', loose)).toBeNull()
  expect(ask('c', 'a', loose)).toMatch(/already/)
})

test('a primary follows nobody, and what cannot be seen neither follows nor is followed', () => {
  expect(ask('a', 'b')).toMatch(/primary/)
  const unseen = [primary, member('b'), member('c', { state: 'unreachable' })]
  expect(ask('b', 'c', unseen)).toBe('c is unreachable.')
  expect(ask('c', 'a', unseen)).toBe('c is unreachable.')
  expect(upstreamChoices(member('b'), unseen).map((one) => one.because === null)).toEqual([false, false])
})
