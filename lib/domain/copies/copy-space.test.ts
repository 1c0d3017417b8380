import { expect, test } from 'vitest'
import { GiB } from '../values/bytes'
import { isTooSmall, type SpacePlace, spaceNeeds, spaceNeedsInPlace, spaceText } from './copy-space'

const place = (what: SpacePlace['what'], path: string, change: Partial<SpacePlace> = {}): SpacePlace => ({
  what,
  path,
  device: 'sda',
  freeBytes: 10 * GiB,
  bytes: null,
  ...change,
})

test('what goes to one file system is added up, and a directory of its own is asked for its own space', () => {
  const source = [
    place('data', '/a', { bytes: 4 * GiB }),
    place('wal', '/w', { bytes: GiB }),
    place('tablespace', '/t/1', { bytes: 2 * GiB }),
  ]
  const oneDisk = spaceNeeds(source, [place('data', '/b'), place('tablespace', '/t/1')])!
  expect(oneDisk.map(({ paths }) => paths)).toEqual([['/b', '/t/1']])
  expect(spaceText(oneDisk[0]!)).toBe('7.41 GB on the file system of /b, /t/1, where 10 GB is free')
  const three = spaceNeeds(source, [
    place('data', '/b'),
    place('wal', '/v', { device: 'sdb' }),
    place('tablespace', '/t/1', { device: 'sdc', freeBytes: GiB }),
  ])!
  expect(three.map(({ paths, freeBytes }) => [paths, freeBytes])).toEqual([
    [['/b'], 10 * GiB],
    [['/v'], 10 * GiB],
    [['/t/1'], GiB],
  ])
  expect(three.map(isTooSmall)).toEqual([false, false, true])
})

test('a source that was not measured needs an unknown amount, and unknown free space is no proof of too little', () => {
  expect(spaceNeeds([place('data', '/a')], [place('data', '/b')])).toBeNull()
  const [need] = spaceNeeds([place('data', '/a', { bytes: GiB })], [place('data', '/b', { freeBytes: null, device: null })])!
  expect(isTooSmall(need!)).toBe(false)
  expect(spaceText(need!)).toContain('an unknown amount is free')
})

test('in the place of what is there now its own bytes count as free, all those of one disk together', () => {
  const source = [place('data', '/a', { bytes: 9 * GiB }), place('tablespace', '/t/1', { bytes: 2 * GiB })]
  const own = [place('data', '/b', { freeBytes: GiB, bytes: 9 * GiB }), place('tablespace', '/t/1', { freeBytes: GiB, bytes: 2 * GiB })]
  expect(spaceNeedsInPlace(source, own)!.map((need) => [need.freeBytes, isTooSmall(need)])).toEqual([[12 * GiB, false]])
  expect(spaceNeedsInPlace([place('data', '/a', { bytes: 13 * GiB })], own)!.map(isTooSmall)).toEqual([true])
  expect(spaceNeedsInPlace(source, [place('data', '/b')])).toBeNull()
})
