import { describe, expect, test } from 'vitest'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { Json } from '@/lib/kernel/ground/json'
import { joinGrids, keptIn, toCsv } from './sql-grid'

const finished = (output: Json): JournalLine => ({ kind: 'finished', step: 's', output, ours: true, tookMs: 1, seq: 1, at: '' })
const grid = (columns: string[], ...rows: (string | null)[][]) => ({ columns, rows, isCut: false })

describe('results of run SQL', () => {
  test('how many rows there were stands in the last line that says so, and no other output is taken for it', () => {
    expect(keptIn([finished({ columns: ['a'], kept: 2 }), finished({ columns: ['a'], kept: 7 })])).toBe(7)
    expect(keptIn([finished({ started: true }), finished(null)])).toBeNull()
  })

  test('targets with other columns share one table, joined by column name', () => {
    const joined = joinGrids([
      { title: 'x', grid: grid(['a', 'b'], ['1', '2']) },
      { title: 'y', grid: grid(['b', 'c'], ['3', null]) },
    ])
    expect(joined.columns).toEqual(['target', 'a', 'b', 'c'])
    expect(joined.rows).toEqual([
      ['x', '1', '2', null],
      ['y', null, '3', null],
    ])
  })

  test('a cell cannot become a formula or another cell in a spreadsheet', () => {
    expect(toCsv(['a'], [['=1+1'], ['-5'], ['say "hi", you'], [null]])).toBe(`a\r\n'=1+1\r\n-5\r\n"say ""hi"", you"\r\n\r\n`)
  })
})
