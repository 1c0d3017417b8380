import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addSeriesPart, readSeries, type SeriesPart, sumSeries } from './switchover-summary'

const partOf = (gaps: readonly number[], losses: Partial<SeriesPart['losses']> = {}): SeriesPart => ({
  rounds: gaps.map(
    (gapMs) => ({ gapMs, waitMs: gapMs, errors: gapMs > 1000 ? { ECONNRESET: 2 } : {}, moved: 'b', streamsAfterMs: 10 }) as never,
  ),
  parts: gaps.map((gapMs) => [
    { step: 'hand-over', ms: gapMs },
    { step: 'followers', ms: 50 },
  ]),
  losses: { acked: 100, lost: 0, duplicate: 0, phantom: 0, unknown: 0, ...losses },
})

test('parts of a long series add up, from a file too, and what the slowest had in common is named', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'series-')), 'switchovers.jsonl')
  expect(readSeries(file)).toEqual([])
  addSeriesPart(file, partOf(Array.from({ length: 38 }, () => 100)))
  addSeriesPart(file, partOf([1500, 1500], { lost: 1, phantom: 2 }))
  expect(sumSeries(readSeries(file))).toEqual({
    switchovers: 40,
    parts: 2,
    gapMedian: 100,
    gapP95: 1500,
    gapLongest: 1500,
    errors: 4,
    acked: 200,
    lost: 1,
    duplicate: 2,
    slow: 'hand-over +1400',
  })
})
