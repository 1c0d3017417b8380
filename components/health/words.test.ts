import { expect, test } from 'vitest'
import type { HealthCheck } from '@/lib/shapes/health'
import { detailsOf, saidOf } from './words'

test('details are read as words, sizes with their unit, and flags only where they are set', () => {
  const details = { dead: 500, isOff: true, isCopy: false, active: false, wastedBytes: 2 ** 30, bytes: 2 ** 31, column: null }
  expect(detailsOf({ details })).toBe('dead 500, off, active no, wasted 1 GB, size 2 GB')
})

test('a check says its worst finding first, why nothing is known where nothing is, and never that it is well then', () => {
  const check = (more: Partial<HealthCheck>) =>
    ({ state: 'healthy', looks: [], findings: [], limits: 'warning from 75 %', ...more }) as HealthCheck
  const look = { instanceId: '', title: 'a', seenAt: null, because: null, notApplicable: null, worst: null }
  expect(saidOf(check({ state: 'unknown' }))).toBe('Nobody has looked yet.')
  expect(saidOf(check({ state: 'unknown', looks: [{ ...look, because: 'It was too busy.' }] }))).toBe('It was too busy.')
  expect(saidOf(check({ looks: [{ ...look, worst: '9 % (shop)' }] }))).toBe('At worst 9 % (shop); warning from 75 %.')
  expect(saidOf(check({ state: 'not-applicable', looks: [{ ...look, notApplicable: 'It archives no WAL.' }] }))).toBe('It archives no WAL.')
})
