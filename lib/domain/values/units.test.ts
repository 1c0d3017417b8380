import { expect, test } from 'vitest'
import { formatBytes, parseBytes } from './bytes'
import { ageSeconds, formatDuration, parseDuration } from './duration'
import { formatLsn, lagBytes, lsnBytesBetween, parseLsn } from './lsn'
import { parsePgVersion, versionOfNumber } from './pg-version'

test('an LSN is read and written as PostgreSQL does, over its whole range', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16_b374_d848n)
  expect(formatLsn(0n)).toBe('0/0')
  expect(formatLsn(0xffff_ffff_ffff_ffffn)).toBe('FFFFFFFF/FFFFFFFF')
  for (let n = 0n; n < 64n; n += 1n)
    for (const value of [1n << n, (1n << n) - 1n, (1n << n) | 1n]) expect(parseLsn(formatLsn(value))).toBe(value)
  for (const text of ['', '0', '0/', '/0', '0/0/0', 'g/0', '123456789/0', '0x1/2', '-1/0']) expect(parseLsn(text)).toBe(null)
  expect(() => formatLsn(1n << 64n)).toThrow(RangeError)
  expect(() => formatLsn(-1n)).toThrow(RangeError)
})

test('distance has a direction, lag has none below zero, and what is not known stays so', () => {
  expect(lsnBytesBetween('0/FFFFFFFF', '1/0')).toBe(1)
  expect(lsnBytesBetween('1/0', '0/FFFFFFFF')).toBe(-1)
  expect(lagBytes('1/0', '0/FFFFFFFF')).toBe(0)
  expect(lagBytes(null, '0/1')).toBe(null)
  expect(lagBytes('rubbish', '0/1')).toBe(null)
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 kB'],
  [1536, '1.5 kB'],
  [16 * 1024 ** 2, '16 MB'],
  [1024 ** 2 - 1, '1 MB'],
  [14.2 * 1024 ** 3, '14.2 GB'],
  [123.4 * 1024 ** 3, '123 GB'],
  [-2048, '-2 kB'],
])('%d bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('sizes are read in any common spelling, always in powers of 1024, and what was written is read back within its rounding', () => {
  expect(['1GB', '1 GiB', '1024 MB', '1g', '1073741824', '1048576k'].map(parseBytes)).toEqual(Array(6).fill(1024 ** 3))
  expect(['', 'GB', '1 XB', '1..5GB', '1e9', '5 mbit'].map(parseBytes)).toEqual(Array(6).fill(null))
  for (let bytes = 1; bytes < 2 ** 50; bytes = bytes * 3 + 1)
    expect(Math.abs(parseBytes(formatBytes(bytes))! / bytes - 1)).toBeLessThan(0.006)
})

test.each([
  [0, '0 s'],
  [0.24, '0.24 s'],
  [8, '8 s'],
  [59.6, '1 min'],
  [125, '2 min 5 s'],
  [3600, '1 h'],
  [11_400, '3 h 10 min'],
  [3601, '1 h'],
  [353_000, '4 d 2 h'],
  [-90, '-1 min 30 s'],
])('%d seconds read as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test('durations are read alone as seconds, or with units', () => {
  expect(['90', '1.5s', '250 ms', '2h 30min', '1d', '1 min 30 s', '2m'].map(parseDuration)).toEqual([90, 1.5, 0.25, 9000, 86_400, 90, 120])
  expect(['', 'abc', '1 2', '5 parsecs', '-3'].map(parseDuration)).toEqual(Array(5).fill(null))
  for (const seconds of [1, 59, 60, 61, 3599, 3600, 7260, 86_400, 90_000]) expect(parseDuration(formatDuration(seconds))).toBe(seconds)
})

test('an age is never negative', () => {
  expect(ageSeconds('2026-01-01T00:00:00Z', new Date('2026-01-01T00:01:00Z'))).toBe(60)
  expect(ageSeconds('2026-01-01T00:01:00Z', new Date('2026-01-01T00:00:00Z'))).toBe(0)
})

test.each([
  ['15.18', { major: '15', minor: 18, number: 150_018 }],
  ['15.18 (Debian 15.18-1.pgdg12+1)', { major: '15', minor: 18, number: 150_018 }],
  ['10', { major: '10', minor: null, number: 100_000 }],
  ['18beta1', { major: '18', minor: null, number: 180_000 }],
  ['9.6.24', { major: '9.6', minor: 24, number: 90_624 }],
  ['9.6', { major: '9.6', minor: null, number: 90_600 }],
  ['9', null],
  ['fifteen', null],
  ['', null],
])('the version %s is understood', (text, version) => {
  expect(parsePgVersion(text)).toEqual(version)
})

test('a server’s number is read as its version', () => {
  expect([150_018, 90_624, 100_000].map(versionOfNumber)).toEqual(['15.18', '9.6.24', '10.0'])
})
