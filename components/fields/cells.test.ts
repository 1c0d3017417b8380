import { expect, test } from 'vitest'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import { cellHtml, plainValue } from './cells'

const plain = (spec: FieldSpec, value: Parameters<typeof plainValue>[0]) => plainValue(value, { ...spec, name: 'x' }, 'Europe/Berlin')

test('a value in plain text reads as its kind: sizes, durations, words and times in the reader’s zone', () => {
  expect(plain({ kind: 'bytes', label: 'x' }, 16_777_216)).toBe('16 MB')
  expect(plain({ kind: 'seconds', label: 'x' }, 125)).toBe('2 min 5 s')
  expect(plain({ kind: 'flag', label: 'x' }, false)).toBe('no')
  expect(plain({ kind: 'secret', label: 'x', sealedIn: 'y' }, true)).toBe('set')
  expect(plain({ kind: 'secret', label: 'x', sealedIn: 'y' }, 'replaced')).toBe('replaced')
  expect(plain({ kind: 'choice', label: 'x', choices: [{ value: 'a', label: 'A' }] }, 'a')).toBe('A')
  expect(plain({ kind: 'choice', label: 'x', choices: [] }, 'gone')).toBe('gone')
  expect(plain({ kind: 'moment', label: 'x' }, '2026-01-31T08:00:00.000Z')).toContain('09:00')
  expect(plain({ kind: 'port', label: 'x' }, 5432)).toBe('5432')
  expect(plain({ kind: 'tags', label: 'x' }, ['a', 'b'])).toBe('a, b')
  expect(plain({ kind: 'text', label: 'x' }, null)).toBe('empty')
})

test('a cell says what an empty value means, lists the keys of what is too long for a list, and is whole where there is room', () => {
  const context = { zone: 'UTC', environments: {}, titleOf: () => undefined, pathOf: {} }
  const cell = (spec: FieldSpec, value: Parameters<typeof cellHtml>[0], over: Partial<Parameters<typeof cellHtml>[2]> = {}) =>
    cellHtml(value, { ...spec, name: 'x' }, { ...context, ...over }).text
  expect(cell({ kind: 'text', label: 'x' }, null)).toBe('')
  expect(cell({ kind: 'text', label: 'x', empty: 'every environment' }, null)).toContain('every environment')
  expect(cell({ kind: 'json', label: 'x', listsKeys: true }, { name: [null, 'a'], url: [null, 'b'] })).toBe('name, url')
  const long = 'word '.repeat(50)
  expect(cell({ kind: 'text', label: 'x' }, long)).toHaveLength(120)
  expect(cell({ kind: 'text', label: 'x' }, long, { isWhole: true })).toBe(long)
})
