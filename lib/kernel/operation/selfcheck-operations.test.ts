import { expect, test } from 'vitest'
import { z } from 'zod'
import { directories } from '../engine/directories.fixture'
import type { Operation } from './operation'
import { checkOperations } from './selfcheck-operations'

const resources = new Set(['server'])
const [firstEffect] = directories.effects
const gate = { name: 'look', title: 'Look', look: () => ({ verdict: 'pass' as const }) }
const withEffect = (change: object): Operation => ({ ...directories, effects: [{ ...firstEffect!, ...change }] })

test('a sound operation has no fault', () => {
  expect(checkOperations([directories], resources)).toEqual([])
})

test.each<[string, Operation]>([
  ['O02', { ...directories, on: 'servre' }],
  ['O03', { ...directories, name: 'Directories', permission: () => 'Directories' }],
  ['O04', { ...directories, verb: '' }],
  ['O05', { ...directories, help: [] }],
  ['O06', { ...directories, effects: [] }],
  ['O07', { ...directories, neverAsksPhrase: true }],
  ['O08', { ...directories, danger: 'routine' }],
  ['O09', { ...directories, permission: () => 'failover' }],
  ['O10', { ...directories, input: z.string() }],
  ['O11', { ...directories, input: z.object({}) }],
  ['O12', { ...directories, gates: [gate, gate] }],
  ['O12', { ...directories, gates: [{ ...gate, name: 'first' }] }],
  ['O13', { ...directories, gates: [{ ...gate, name: 'Look' }] }],
  ['O14', { ...directories, gates: [{ ...gate, title: ' ' }] }],
  ['O15', withEffect({ timeoutMs: 0 })],
  ['O15', withEffect({ timeoutMs: Number.POSITIVE_INFINITY })],
  ['O16', withEffect({ ending: { final: 'It stays.', undo: async () => {}, sentence: 'It goes.' } })],
  ['O17', withEffect({ ending: { final: '', harmless: true } })],
  ['O18', withEffect({ ending: { undo: async () => {}, sentence: 'It goes.', timeoutMs: 0 } })],
  ['O19', withEffect({ proof: 'answer' })],
  ['O20', { ...directories, input: z.strictObject({ names: z.array(z.string()).default([]) }) }],
  ['O21', { ...directories, input: z.strictObject({ path: z.string() }) }],
  [
    'O21',
    {
      ...directories,
      input: z.strictObject({
        path: z
          .string()
          .min(2)
          .meta({ examples: ['/'] }),
      }),
    },
  ],
  ['O22', withEffect({ isBeside: true })],
  ['O23', { ...directories, effects: directories.effects.map((one) => (one.name === 'after' ? { ...one, isBeside: true } : one)) }],
])('fault %s is found', (number, operation) => {
  expect(checkOperations([operation], resources).map((fault) => fault.number)).toEqual([number])
})

test('two operations of one name are a fault of the second', () => {
  expect(checkOperations([directories, directories], resources)).toEqual([
    { number: 'O01', operation: 'directories', sentence: 'name: “directories” is used twice' },
  ])
})
