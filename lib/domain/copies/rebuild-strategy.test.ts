import { expect, test } from 'vitest'
import { chooseStrategy, hasTail, type RebuildSight } from './rebuild-strategy'

const sight = (change: Partial<RebuildSight> = {}): RebuildSight => ({
  wanted: 'auto',
  upstream: 'n1',
  directory: 'cluster',
  systemIdentifier: '7',
  upstreamSystem: '7',
  major: '15',
  upstreamMajor: '15',
  isStreaming: false,
  isTorn: false,
  isHalfInPlace: false,
  isCrashed: false,
  wrote: false,
  endLsn: '0/3000000',
  parting: { parts: 'never' },
  hasChecksums: true,
  logsHints: false,
  barred: null,
  hasWal: true,
  ...change,
})
const chosen = (change: Partial<RebuildSight>) => chooseStrategy(sight(change)).strategy
const fork = { parts: 'at', lsn: '0/2000000' } as const

test('one that streams needs nothing, whatever its lag', () => {
  expect(chosen({ isStreaming: true })).toBe('none')
})

test('one whose data are good follows again as long as the upstream has the WAL, and is copied when it has not', () => {
  expect(chosen({})).toBe('follow')
  expect(chosen({ parting: { parts: 'at', lsn: '0/3000000' } })).toBe('follow')
  expect(chooseStrategy(sight({ hasWal: false }))).toEqual({ strategy: 'copy', because: 'n1 no longer has the WAL from 0/3000000 on.' })
  expect(chosen({ hasWal: null })).toBe('copy')
})

test('one that wrote past the fork is rewound where that can work, and copied where it cannot', () => {
  expect(chooseStrategy(sight({ parting: fork }))).toMatchObject({
    strategy: 'rewind',
    because: expect.stringContaining('16 MB past the fork at 0/2000000'),
  })
  expect(chosen({ parting: fork, hasChecksums: false, logsHints: true })).toBe('rewind')
  expect(chosen({ parting: fork, hasChecksums: false })).toBe('copy')
})

test('one whose role may not run pg_rewind is copied and says why, unless a rewind is what was asked for', () => {
  const barred = { parting: fork, barred: 'replicator may not run pg_read_binary_file(text)' }
  expect(chooseStrategy(sight(barred))).toEqual({
    strategy: 'copy',
    because:
      'It wrote 16 MB past the fork at 0/2000000, which n1 does not have, and pg_rewind could not read n1 to discard that: replicator may not run pg_read_binary_file(text).',
  })
  expect(chosen({ ...barred, wanted: 'rewind' })).toBe('rewind')
})

test('only what lies whole past a known fork can be saved', () => {
  expect(hasTail(sight({ parting: fork }))).toBe(true)
  expect(hasTail(sight({ parting: fork, hasChecksums: false, wanted: 'copy' }))).toBe(true)
  expect(hasTail(sight({ parting: { parts: 'at', lsn: '0/3000000' } }))).toBe(false)
  for (const change of [{ isTorn: true }, { isStreaming: true }, { directory: 'absent' }, { parting: null }] as const)
    expect(hasTail(sight({ parting: fork, ...change }))).toBe(false)
})

test('one that is half rewound is copied, whatever its control file says', () => {
  expect(chooseStrategy(sight({ isTorn: true }))).toMatchObject({
    strategy: 'copy',
    because: expect.stringContaining('was interrupted'),
  })
  expect(chosen({ isTorn: true, parting: fork })).toBe('copy')
  expect(chosen({ isTorn: true, parting: fork, wanted: 'rewind' })).toBe(null)
})

test('a shutdown record that begins at the fork is part of no other history; what a standby received up to there is', () => {
  const at = { parting: { parts: 'at', lsn: '0/3000000' } } as const
  expect(chosen({ ...at, wrote: true })).toBe('rewind')
  expect(chosen({ ...at, wrote: false })).toBe('follow')
  expect(chosen({ parting: { parts: 'at', lsn: '0/3000001' }, wrote: true })).toBe('follow')
})

test('of a crashed former primary nobody knows how far it wrote, so it is taken for one that forked; a crashed standby only received', () => {
  const before = { parting: { parts: 'at', lsn: '0/4000000' } as const, isCrashed: true }
  expect(chosen({ ...before, wrote: true })).toBe('rewind')
  expect(chosen({ ...before, wrote: false })).toBe('follow')
})

test('one that last wrote on the very timeline of the upstream is copied: the WAL does not tell the two apart', () => {
  expect(chosen({ wrote: true })).toBe('copy')
})

test('what cannot be read is not relied on', () => {
  expect(chosen({ systemIdentifier: null })).toBe('copy')
  expect(chosen({ parting: null })).toBe('copy')
  expect(chosen({ parting: { parts: 'stranger' } })).toBe('copy')
  expect(chosen({ directory: 'empty', systemIdentifier: null })).toBe('copy')
  expect(chosen({ parting: fork, endLsn: null })).toBe('rewind')
})

test('data of another system, of another version, or of no cluster at all are not touched, not even when a copy is asked for', () => {
  for (const change of [{ systemIdentifier: '8' }, { upstreamMajor: '16' }, { directory: 'foreign' as const, systemIdentifier: null }])
    for (const wanted of ['auto', 'copy', 'rewind'] as const) expect(chosen({ ...change, wanted })).toBeNull()
})

test('what a person asks for is done where it can work, and refused with the way out where it cannot', () => {
  expect(chosen({ wanted: 'copy', isStreaming: true })).toBe('copy')
  expect(chosen({ wanted: 'rewind', parting: fork })).toBe('rewind')
  expect(chooseStrategy(sight({ wanted: 'rewind' })).because).toContain('nothing to rewind: choose auto or copy')
  expect(chooseStrategy(sight({ wanted: 'rewind', parting: fork, hasChecksums: false })).because).toContain('choose auto or copy')
})

test('in place is never the first choice, goes on where it was broken off, and is left by a copy that is asked for', () => {
  expect(chosen({ parting: fork, hasChecksums: false })).toBe('copy')
  expect(chosen({ wanted: 'in-place' })).toBe('in-place')
  expect(chooseStrategy(sight({ wanted: 'in-place', directory: 'absent' }))).toMatchObject({
    strategy: null,
    because: expect.stringContaining('no data directory to work in'),
  })
  expect(chooseStrategy(sight({ isHalfInPlace: true, parting: fork }))).toMatchObject({
    strategy: 'in-place',
    because: expect.stringContaining('started again there'),
  })
  expect(chosen({ isHalfInPlace: true, wanted: 'copy' })).toBe('copy')
  expect(chooseStrategy(sight({ isHalfInPlace: true, wanted: 'rewind' })).strategy).toBeNull()
  expect(hasTail(sight({ isHalfInPlace: true, parting: fork }))).toBe(false)
})
