import { expect, test } from 'vitest'
import type { Launching } from './launching'
import { chooseRecovery, type ThreatenedHerd, type ThreatenedMember } from './recovery'
import { memberOf, primaryOf } from './threatened.fixture'

const launching: Launching = { blueprintId: 'blueprint', lastSeconds: 50, sizeBytes: 1_000_000_000, hasVolume: false }
const said = (
  members: ThreatenedMember[],
  left: string[] = [],
  manager = 'none',
  given: Partial<ThreatenedHerd> = {},
  replaced: string[] = [],
) => {
  const chosen = chooseRecovery({ name: 'shop', manager, members, launching: null, ...given }, { left, replaced })
  if ('lost' in chosen) return `${chosen.way} ${chosen.lost.id}`
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

test('a primary alone is cloned where a standby is ready before AWS takes its machine, once, and otherwise the page says why not', () => {
  const alone = (leftSeconds: number | null) => [primaryOf({ threat: 'announced', leftSeconds })]
  const launched = (members: ThreatenedMember[], replaced: string[] = [], more: Partial<Launching> = {}, manager = 'none') =>
    said(members, [], manager, { launching: { ...launching, ...more } }, replaced)
  expect(launched(alone(120))).toBe('clone a')
  expect(launched(alone(60))).toMatch(
    /^person: a has no standby\. A new standby takes about 1 min 9 s to launch and to copy .*, and AWS takes the machine in 1 min\.$/,
  )
  expect(launched(alone(null))).toMatch(/^person: .*does not say when/)
  expect(launched(alone(120), [], { lastSeconds: null })).toMatch(/^person: .*none from its blueprint has ended yet/)
  expect(launched(alone(120), [], { sizeBytes: null })).toMatch(/^person: .*size of the data was not seen/)
  expect(launched([...alone(100), memberOf('b', { state: 'unknown', role: 'unknown', rank: null })])).toBe('wait: b was not seen yet.')
  expect(launched([...alone(100), memberOf('b', { rank: null, because: 'It lags.' })], ['a'])).toMatch(/^person: .*b: It lags/)
  expect(launched([primaryOf({ threat: 'gone', state: 'unreachable', leftSeconds: 120 })])).toMatch(/^person/)
  expect(launched(alone(120), [], {}, 'repmgr')).toMatch(/^person: repmgr/)
})

test('where neither a standby nor a clone is ready in time the volume moves, of a machine that runs as of one that is gone, and not while it is not known what others are', () => {
  const moved = (members: ThreatenedMember[], replaced: string[] = [], more: Partial<Launching> = {}, manager = 'none') =>
    said(members, [], manager, { launching: { ...launching, hasVolume: true, ...more } }, replaced)
  const alone = (given: Partial<ThreatenedMember>) => [primaryOf({ threat: 'announced', leftSeconds: 60, ...given })]
  expect(moved(alone({}))).toBe('move a')
  expect(moved(alone({ leftSeconds: 120 }))).toBe('clone a')
  expect(moved(alone({ leftSeconds: null }))).toBe('move a')
  expect(moved(alone({ threat: 'gone', state: 'unreachable' }))).toBe('move a')
  expect(moved(alone({ threat: 'gone', state: 'unreachable', leftSeconds: 120 }))).toBe('move a')
  expect(moved(alone({ threat: 'gone' }), [], { hasVolume: false })).toMatch(/^person/)
  expect(moved(alone({ state: 'unreachable' })), 'its machine runs: EC2 has not said that it is gone').toMatch(/^person/)
  expect(moved([...alone({}), memberOf('b', { state: 'unknown', role: 'unknown', rank: null })])).toBe('wait: b was not seen yet.')
  expect(moved([...alone({ threat: 'gone', state: 'unreachable' }), memberOf('b')])).toBe('failover a > b')
  expect(moved(alone({}), ['a'])).toMatch(/^person/)
  expect(moved(alone({}), [], {}, 'repmgr')).toMatch(/^person: repmgr/)
})

test('once the herd has left a machine a standby is launched in its place, one for each, and only where the console launches members', () => {
  const members = [primaryOf(), memberOf('b', { threat: 'gone', state: 'unreachable' }), memberOf('c', { threat: 'gone' })]
  expect(said(members, [], 'none', { launching })).toBe('replace b')
  expect(said(members, [], 'none', { launching }, ['b'])).toBe('replace c')
  expect(said(members, [], 'none', { launching }, ['b', 'c'])).toMatch(/^safe/)
  expect(said(members)).toMatch(/^safe/)
  expect(said(members, [], 'patroni', { launching })).toMatch(/^safe/)
  const again = [primaryOf({ threat: 'announced', leftSeconds: 120 }), ...members.slice(1), memberOf('d')]
  expect(said(again, [], 'none', { launching }, ['b', 'c'])).toBe('switchover a > d')
})
