import { expect, test } from 'vitest'
import { GiB, MiB } from '@/lib/domain/values/bytes'
import type { Readiness } from '../facts/readiness'
import { type Room, roomForWal } from './room'

const place = (freeBytes: number, totalBytes: number | null = null): Room => ({ path: '/data', freeBytes, totalBytes })
const verdict = (room: Room[] | null, walBytesMax: number | null = 4 * GiB, mode: 'planned' | 'emergency' = 'planned') => {
  const { verdict, because } = roomForWal({
    mode,
    room,
    readiness: { candidate: { walBytesMax } as Readiness },
    candidate: { title: 'demo on n2' },
  })
  return `${verdict}: ${because}`
}

test('a candidate that could not write WAL until its first checkpoint has ended is refused by its fullest file system, and only warned of where nobody is served', () => {
  const wal = { ...place(700 * MiB, 8 * GiB), path: '/wal' }
  expect(verdict([place(100 * GiB), wal])).toBe(
    'refuse: demo on n2 needs 1 GB for WAL: 700 MB of 8 GB free at /wal. Make room there first, or choose another standby.',
  )
  expect(verdict([place(100 * GiB), wal], 4 * GiB, 'emergency')).toMatch(/^warn: demo on n2 needs 1 GB for WAL: /)
  expect(verdict([place(100 * GiB), wal], 48 * MiB)).toMatch(/^warn: demo on n2 is nearly full: 700 MB of 8 GB free at \/wal\.$/)
})

test('a tenth of a file system is enough, less is said, and what could not be read too', () => {
  expect(verdict([place(10 * GiB, 100 * GiB)])).toBe('pass: 10 GB of 100 GB free at /data.')
  expect(verdict([place(9 * GiB, 100 * GiB)])).toBe('warn: demo on n2 is nearly full: 9 GB of 100 GB free at /data.')
  expect(verdict([place(2 * GiB)], null)).toBe('pass: 2 GB free at /data.')
  expect(verdict(null)).toBe('unknown: How much is free on the host of demo on n2 could not be read.')
})
