import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addTo, isKept, readSummary, tableOf } from './summary'

test('the summary grows from part to part: a case counts as it ended last, one that broke a law is run again, and the table says what was not run yet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'summary-'))
  try {
    const file = join(folder, 'summary.jsonl')
    const measured = { passed: 3, acts: 1, held: { from: 0, to: 0 }, sections: [{ step: 'stop', from: 1, to: 3 }] }
    const one = { scenario: 'promotion', trouble: 'worker killed at point 1', state: 'done', seconds: 2, met: null }
    const whole = [1, 2, 3].map((at) => ({ scenario: 'promotion', trouble: `worker killed at point ${at}` }))
    expect(readSummary(file).cases.size).toBe(0)
    addTo(file, { scenario: 'promotion', measured })
    addTo(file, { ...one, broken: [] })
    addTo(file, { ...one, ...whole[1]!, broken: ['two primaries'] })
    expect(whole.map((key) => isKept(readSummary(file), key))).toEqual([true, false, false])
    expect(tableOf(whole, readSummary(file))).toEqual([
      { scenario: 'promotion', cases: 3, run: 2, broken: 1, 'somebody acted': 0, ends: '2 done' },
    ])
    addTo(file, { ...one, ...whole[1]!, state: 'undone', met: 'b', broken: [] })
    expect(readSummary(file).measured.get('promotion')).toEqual(measured)
    expect(tableOf(whole, readSummary(file))).toEqual([
      { scenario: 'promotion', cases: 3, run: 2, broken: 0, 'somebody acted': 1, ends: '1 done, 1 undone' },
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
