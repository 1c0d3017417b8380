import { expect, test } from 'vitest'
import { between, moved, rangeNames, rangeOf, rangeQuery, windowOf, zoomed } from './range'

const now = 1_700_000_000

test('a range in an address comes back as it was, and what is not understood is the last hour', () => {
  for (const range of [...rangeNames.map((last) => ({ last })), between(now - 500, now)])
    expect(rangeOf(new URLSearchParams(rangeQuery(range)))).toEqual(range)
  for (const query of ['', 'range=toString', 'range=9y', 'from=x&to=y', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'])
    expect(rangeOf(new URLSearchParams(query))).toEqual({ last: '1h' })
})

test('zooming keeps the middle, ends at now, and never shows less than a minute', () => {
  expect(zoomed(between(now - 4000, now - 2000), 0.5, now)).toEqual(between(now - 3500, now - 2500))
  expect(zoomed(between(now - 4000, now - 2000), 0.5, now, now - 2100)).toEqual(between(now - 2600, now - 1600))
  expect(zoomed({ last: '1h' }, 2, now)).toEqual(between(now - 7200, now))
  expect(zoomed(between(now - 80, now), 0.5, now)).toEqual(between(now - 70, now - 10))
})

test('later than now is not shown', () => {
  expect(moved({ last: '1h' }, 1, now)).toEqual(between(now - 3600, now))
  expect(moved({ last: '1h' }, -1, now)).toEqual(between(now - 7200, now - 3600))
  expect(windowOf(moved(between(now - 300, now - 200), 1, now), now)).toEqual(between(now - 200, now - 100))
})
