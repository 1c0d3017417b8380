import { expect, test } from 'vitest'
import { chooseRecovery, type ThreatenedMember } from './recovery'
import { memberOf, primaryOf } from './threatened.fixture'

const said = (members: ThreatenedMember[], left: string[] = [], manager = 'none') => {
  const chosen = chooseRecovery({ name: 'shop', manager, members }, left)
  if ('to' in chosen) return `${chosen.way} ${chosen.from.id} > ${chosen.to.id}`
  return 'member' in chosen ? `leave ${chosen.member.id}` : `${chosen.way}: ${chosen.because}`
}

test('a primary whose machine is taken hands over to the best standby that stays', () => {
  const announced = primaryOf({ threat: 'announced' })
  expect(said([announced, memberOf('b', { rank: 2 }), memberOf('c')])).toBe('switchover a > c')
  expect(said([announced, memberOf('b', { rank: 2 }), memberOf('c', { threat: 'announced' })])).toBe('switchover a > b')
  expect(said([announced, memberOf('b', { rank: 2 }), memberOf('c', { threat: 'recommended' })])).toBe('switchover a > b')
  expect(said([announced, memberOf('c', { threat: 'recommended' })])).toBe('switchover a > c')
  expect(said([announced, memberOf('b')], [], 'patroni')).toBe('zero-gap a > b')
})

test('nothing is done for a recommendation alone', () => {
  expect(said([primaryOf({ threat: 'recommended' }), memberOf('b')])).toMatch(/^safe/)
})

test('the primary first, then each standby that goes leaves its names, once', () => {
  const [b, c] = [memberOf('b', { threat: 'announced' }), memberOf('c', { rank: 2 })]
  expect(said([primaryOf({ threat: 'announced' }), b, c])).toBe('switchover a > c')
  const after = [primaryOf({ id: 'c', title: 'c' }), b, memberOf('a', { threat: 'announced' })]
  expect(said(after)).toBe('leave b')
  expect(said(after, ['b'])).toBe('leave a')
  expect(said(after, ['b', 'a'])).toBe('safe: c is primary and stays; b and a can go.')
})

test('a machine that is gone is failed over from, and one that only does not answer is waited for', () => {
  expect(said([primaryOf({ threat: 'gone', state: 'unreachable' }), memberOf('b')])).toBe('failover a > b')
  expect(said([primaryOf({ threat: 'announced', state: 'unreachable' }), memberOf('b')])).toBe(
    'wait: a is unreachable, and its machine still runs.',
  )
  expect(said([primaryOf({ threat: 'gone', state: 'unreachable' }), memberOf('b')], [], 'patroni')).toMatch(/^wait: .*Patroni promotes/)
})

test('without anybody to take over it says why each cannot', () => {
  expect(said([primaryOf({ threat: 'announced' })])).toBe('person: a has no standby.')
  const barred = memberOf('b', { rank: null, because: 'It is stopped.' })
  expect(said([primaryOf({ threat: 'announced' }), barred, memberOf('c', { threat: 'announced' })])).toBe(
    'person: No standby can take over from a. b: It is stopped. c: AWS takes its machine back too.',
  )
  expect(said([primaryOf({ threat: 'announced' }), memberOf('b')], [], 'repmgr')).toMatch(/^person: repmgr decides/)
})
