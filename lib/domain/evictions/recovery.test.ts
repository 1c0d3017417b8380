import { expect, test } from 'vitest'
import { chooseRecovery, type ThreatenedMember } from './recovery'

const member = (id: string, given: Partial<ThreatenedMember> = {}): ThreatenedMember => ({
  ...{
    id,
    title: id,
    role: 'standby',
    state: 'online',
    threat: 'none',
    rank: 1,
    because: 'It is first.',
    zone: 'eu-central-1a',
    noticeId: id,
  },
  ...given,
})
const primary = (given: Partial<ThreatenedMember> = {}) =>
  member('a', { role: 'primary', rank: null, because: 'It is a primary.', ...given })
const said = (members: ThreatenedMember[], left: string[] = [], manager = 'none') => {
  const chosen = chooseRecovery({ name: 'shop', manager, members }, left)
  if ('to' in chosen) return `${chosen.way} ${chosen.from.id} > ${chosen.to.id}`
  return 'member' in chosen ? `leave ${chosen.member.id}` : `${chosen.way}: ${chosen.because}`
}

test('a primary whose machine is taken hands over to the best standby that stays', () => {
  const announced = primary({ threat: 'announced' })
  expect(said([announced, member('b', { rank: 2 }), member('c')])).toBe('switchover a > c')
  expect(said([announced, member('b', { rank: 2 }), member('c', { threat: 'announced' })])).toBe('switchover a > b')
  expect(said([announced, member('b', { rank: 2 }), member('c', { threat: 'recommended' })])).toBe('switchover a > b')
  expect(said([announced, member('c', { threat: 'recommended' })])).toBe('switchover a > c')
  expect(said([announced, member('b')], [], 'patroni')).toBe('zero-gap a > b')
})

test('nothing is done for a recommendation alone', () => {
  expect(said([primary({ threat: 'recommended' }), member('b')])).toMatch(/^safe/)
})

test('the primary first, then each standby that goes leaves its names, once', () => {
  const [b, c] = [member('b', { threat: 'announced' }), member('c', { rank: 2 })]
  expect(said([primary({ threat: 'announced' }), b, c])).toBe('switchover a > c')
  const after = [primary({ id: 'c', title: 'c' }), b, member('a', { threat: 'announced' })]
  expect(said(after)).toBe('leave b')
  expect(said(after, ['b'])).toBe('leave a')
  expect(said(after, ['b', 'a'])).toBe('safe: c is primary and stays; b and a can go.')
})

test('a machine that is gone is failed over from, and one that only does not answer is waited for', () => {
  expect(said([primary({ threat: 'gone', state: 'unreachable' }), member('b')])).toBe('failover a > b')
  expect(said([primary({ threat: 'announced', state: 'unreachable' }), member('b')])).toBe(
    'wait: a is unreachable, and its machine still runs.',
  )
  expect(said([primary({ threat: 'gone', state: 'unreachable' }), member('b')], [], 'patroni')).toMatch(/^wait: .*Patroni promotes/)
})

test('without anybody to take over it says why each cannot', () => {
  expect(said([primary({ threat: 'announced' })])).toBe('person: a has no standby.')
  const barred = member('b', { rank: null, because: 'It is stopped.' })
  expect(said([primary({ threat: 'announced' }), barred, member('c', { threat: 'announced' })])).toBe(
    'person: No standby can take over from a. b: It is stopped. c: AWS takes its machine back too.',
  )
  expect(said([primary({ threat: 'announced' }), member('b')], [], 'repmgr')).toMatch(/^person: repmgr decides/)
})
