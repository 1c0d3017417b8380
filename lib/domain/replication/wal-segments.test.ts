import { expect, test } from 'vitest'
import { MiB } from '../values/bytes'
import { holdsWalFrom, segmentOf } from './wal-segments'

test('a position is in the file that PostgreSQL names for it, whatever the size of a file', () => {
  expect(segmentOf('0/3000148', 16 * MiB)).toBe('0000000000000003')
  expect(segmentOf('2/FF000000', 16 * MiB)).toBe('00000002000000FF')
  expect(segmentOf('2/FF000000', 64 * MiB)).toBe('000000020000003F')
  expect(segmentOf('nonsense', 16 * MiB)).toBeNull()
})

test('a server holds the WAL from the first byte of its oldest file on', () => {
  const oldest = { segment: '0000000100000002', segmentBytes: 16 * MiB }
  expect(holdsWalFrom(oldest, '1/2000000')).toBe(true)
  expect(holdsWalFrom(oldest, '1/1FFFFFF')).toBe(false)
  expect(holdsWalFrom(oldest, '0/FFFFFFFF')).toBe(false)
  expect(holdsWalFrom(null, '1/0')).toBeNull()
  expect(holdsWalFrom(oldest, null)).toBeNull()
})
