import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isClean, judge, Ledger, readLedger } from './ledger'
import { seeded } from './load'

const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the judge tells loss, duplicates, phantoms and strangers apart', () => {
  const file = join(folder, 'judged')
  const ledger = new Ledger(file, 'run-1')
  for (const id of ['kept', 'lost', 'twice', 'refused', 'phantom', 'landed', 'vanished']) ledger.intend(id)
  for (const id of ['kept', 'lost', 'twice']) ledger.close(id, 'acked')
  for (const id of ['refused', 'phantom']) ledger.close(id, 'failed')
  ledger.close('landed', 'unknown')
  const found = new Map([
    ['kept', 1],
    ['twice', 2],
    ['phantom', 1],
    ['landed', 1],
    ['stranger', 1],
  ])
  const verdict = judge(readLedger(file), found)
  expect(verdict).toEqual({
    acked: 3,
    failed: 2,
    lost: ['lost'],
    duplicate: ['twice'],
    phantom: ['phantom'],
    foreign: ['stranger'],
    unknown: { present: 1, absent: 1 },
  })
  expect(isClean(verdict)).toBe(false)
})

test('an intent without an outcome, as a killed writer leaves it, is unknown and neither lost nor failed', () => {
  const file = join(folder, 'killed')
  const ledger = new Ledger(file, 'run-2')
  ledger.intend('a')
  ledger.close('a', 'acked')
  ledger.intend('b')
  appendFileSync(file, 'int') // The write that the kill cut short.
  const verdict = judge(readLedger(file), new Map([['a', 1]]))
  expect(verdict).toMatchObject({ acked: 1, lost: [], unknown: { present: 0, absent: 1 } })
  expect(isClean(verdict)).toBe(true)
})

test('a ledger is never written over, and a file that is none is refused', () => {
  const file = join(folder, 'first')
  new Ledger(file, 'run-3')
  expect(() => new Ledger(file, 'run-4')).toThrow('EEXIST')
  appendFileSync(join(folder, 'none'), 'hello\n')
  expect(() => readLedger(join(folder, 'none'))).toThrow('is not a ledger')
})

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seeded(seed))
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  expect(draw(7).every((number) => number >= 0 && number < 1)).toBe(true)
})
