import { describe, expect, test } from 'vitest'
import { formatLsn } from '../values/lsn'
import { type CandidateFacts, equalWithinBytes, estimateLoss, type HerdMark, rankCandidates } from './candidates'

const base = 0x5000000n
const herd: HerdMark = { systemIdentifier: '7001', timeline: 3, preferredSite: '' }
const at = (behindBytes: number) => formatLsn(base - BigInt(behindBytes))
const standby = (id: string, behindBytes: number, over: Partial<CandidateFacts> = {}): CandidateFacts => ({
  id,
  title: id,
  site: '',
  state: 'online',
  role: 'standby',
  timeline: 3,
  systemIdentifier: '7001',
  receivedLsn: at(behindBytes),
  replayedLsn: at(behindBytes),
  isReplayPaused: false,
  applyDelayMs: 0,
  followsPrimary: null,
  priority: 100,
  observedAt: '2026-03-01T12:00:00Z',
  ...over,
})
const order = (members: CandidateFacts[], mark: Partial<HerdMark> = {}, equalBytes = equalWithinBytes) =>
  rankCandidates(members, { ...herd, ...mark }, equalBytes).map((one) => (one.rank === null ? `-${one.id}` : one.id))

describe('who takes over', () => {
  test('the one that is 1 byte behind comes before the one that is 10 kB behind when the primary is gone', () => {
    expect(order([standby('a', 10 * 1024), standby('b', 1)], {}, 0)).toEqual(['b', 'a'])
    expect(order([standby('a', 10 * 1024), standby('b', 1)], {}, 9 * 1024)).toEqual(['b', 'a'])
  })

  test('while the primary can send them the rest, two that lag by turns under load are ranked the same each time', () => {
    const looks = [
      [0, 30_000],
      [30_000, 0],
    ] as const
    for (const [a, b] of looks) expect(order([standby('b', b), standby('a', a)])).toEqual(['a', 'b'])
  })

  test('one that was never seen is no candidate, whatever its numbers say', () => {
    const unseen = standby('a', 0, { observedAt: null })
    expect(order([unseen, standby('b', 1024)])).toEqual(['b', '-a'])
    expect(rankCandidates([unseen], herd, 0)[0]?.because).toBe('It has never been seen.')
  })

  test('one on an older timeline than the herd is barred, and a newer timeline beats more WAL', () => {
    expect(order([standby('a', 0, { timeline: 2 }), standby('b', 4096)])).toEqual(['b', '-a'])
    expect(order([standby('a', 0), standby('b', 4096, { timeline: 4 })])).toEqual(['b', 'a'])
  })

  test('a standby that lacks the herd’s timeline takes over only as the last resort, and never one that is barred besides', () => {
    const late = [standby('a', 100, { timeline: 2 }), standby('b', 0, { timeline: 2 }), standby('c', 0, { timeline: 2, priority: 0 })]
    expect(order(late)).toEqual(['-a', '-b', '-c'])
    expect(order(late, { isLastResort: true }, 0)).toEqual(['b', 'a', '-c'])
    expect(order([...late, standby('d', 9_999)], { isLastResort: true }, 0)).toEqual(['d', '-a', '-b', '-c'])
    expect(rankCandidates(late, { ...herd, isLastResort: true }, 0)[0]?.because).toBe(
      'It lacks what was written on timeline 3, and nobody who has it can take over.',
    )
  })

  test('paused replay, an apply delay, priority 0, another system and a server that is down are barred with their reason', () => {
    const barred = [
      standby('a', 0, { isReplayPaused: true }),
      standby('b', 0, { applyDelayMs: 60_000 }),
      standby('c', 0, { priority: 0 }),
      standby('d', 0, { systemIdentifier: '7002' }),
      standby('e', 0, { state: 'stopped' }),
      standby('f', 0, { receivedLsn: null, replayedLsn: null }),
    ]
    expect(order([...barred, standby('z', 99_999)])).toEqual(['z', '-a', '-b', '-c', '-d', '-e', '-f'])
    const reasons = rankCandidates(barred, herd, 0).map((one) => one.because)
    expect(new Set(reasons).size).toBe(barred.length)
    expect(reasons[1]).toBe('It replays with a delay of 60 s (recovery_min_apply_delay).')
  })

  test('the preferred site wins among equals within the bound, and never past it', () => {
    const here = standby('here', 0, { site: 'fra' })
    const there = standby('there', 1000, { site: 'ams' })
    expect(order([here, there], { preferredSite: 'ams' })).toEqual(['there', 'here'])
    expect(order([here, there], { preferredSite: 'ams' }, 0)).toEqual(['here', 'there'])
    expect(order([here, standby('there', 2 * equalWithinBytes, { site: 'ams' })], { preferredSite: 'ams' })).toEqual(['here', 'there'])
  })

  test('one that follows another standby comes after those that follow the primary, however much it seems to have received', () => {
    const cascaded = standby('a', 0, { followsPrimary: false, priority: 200 })
    const direct = standby('b', 1024, { followsPrimary: true })
    expect(order([cascaded, direct])).toEqual(['b', 'a'])
    expect(order([cascaded, standby('b', 0, { timeline: 2, followsPrimary: true })], { timeline: null })).toEqual(['a', 'b'])
    expect(rankCandidates([cascaded, direct], herd, equalWithinBytes)[1]?.because).toBe(
      'Has received the most WAL, but not from the primary directly.',
    )
  })

  test('a higher priority wins among equals before the site does', () => {
    const site = standby('site', 0, { site: 'ams' })
    expect(order([site, standby('first', 0, { priority: 200 })], { preferredSite: 'ams' }, 0)).toEqual(['first', 'site'])
  })

  test('what was received counts, not what was replayed', () => {
    expect(order([standby('a', 500), standby('b', 10, { replayedLsn: at(9000) })], {}, 0)).toEqual(['b', 'a'])
  })
})

test('the estimated loss reaches from what the candidate holds to the last position seen, and is never negative', () => {
  const seen = (behindBytes: number, timeline = 3) => ({ lsn: at(behindBytes), timeline })
  expect(estimateLoss(standby('a', 100), seen(0))).toBe(100)
  expect(estimateLoss(standby('a', 0), seen(50))).toBe(0)
  expect(estimateLoss(standby('a', 100), null)).toBeNull()
})

test('it is never a difference between positions of two timelines: past a fork counts what came before it, and else it is not known', () => {
  const seen = { lsn: at(0), timeline: 3 }
  const later = (forkBehind: number, timeline = 3) => standby('a', -5_000, { timeline: 4, forks: [{ timeline, forkLsn: at(forkBehind) }] })
  expect(estimateLoss(later(200), seen)).toBe(200)
  expect(estimateLoss(later(0), seen)).toBe(0)
  expect(estimateLoss(later(-300), seen)).toBe(0)
  expect(estimateLoss(later(0, 2), seen)).toBeNull()
  expect(estimateLoss(standby('a', 0, { timeline: 4, forks: 'unread' }), seen)).toBeNull()
  expect(estimateLoss(standby('a', 0, { timeline: 2 }), seen)).toBeNull()
  expect(estimateLoss(standby('a', 0), { lsn: at(0), timeline: null })).toBeNull()
})

test('one on a later timeline than the herd takes over only where it left the herd’s at its end', () => {
  const mark = { lastKnownLsn: at(0) }
  const later = (forks: CandidateFacts['forks']) => standby('a', -5_000, { timeline: 4, forks })
  const reason = (forks: CandidateFacts['forks'], over: Partial<HerdMark> = {}) =>
    rankCandidates([later(forks), standby('b', 0)], { ...herd, ...mark, ...over }, 0).find(({ id }) => id === 'a')
  expect(reason([{ timeline: 3, forkLsn: at(0) }])).toMatchObject({ rank: 1 })
  expect(reason([{ timeline: 3, forkLsn: at(-64) }])).toMatchObject({ rank: 1 })
  expect(reason([{ timeline: 3, forkLsn: at(2048) }])).toEqual({
    id: 'a',
    title: 'a',
    site: '',
    rank: null,
    because: 'It is on timeline 4, the herd on 3: it left that at 0/4FFF800, and lacks the 2 kB written up to 0/5000000.',
    behindBytes: null,
  })
  expect(reason([{ timeline: 2, forkLsn: at(0) }])?.because).toBe('It is on timeline 4, the herd on 3, from which it does not come.')
  expect(reason('unread')?.because).toBe('It is on timeline 4, the herd on 3, and where they part could not be read.')
  expect(reason([{ timeline: 3, forkLsn: at(0) }], { lastKnownLsn: null })?.because).toBe(
    'It is on timeline 4, the herd on 3, and how far that had come is not known.',
  )
})
