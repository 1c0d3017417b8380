import { expect, test } from 'vitest'
import { idleFields, isApplicable, missingFields, sayCondition } from './condition'
import type { FieldSpec } from './field'

const fields: Record<string, FieldSpec> = {
  way: {
    kind: 'choice',
    label: 'Way',
    choices: [
      { value: 'post', label: 'By post' },
      { value: 'mail', label: 'By mail' },
    ],
  },
  isFree: { kind: 'flag', label: 'Free', when: { field: 'way', is: ['post'] } },
  stamp: {
    kind: 'secret',
    label: 'Stamp',
    sealedIn: 'sealed',
    required: true,
    when: { field: 'isFree', is: 'empty' },
    missing: 'Stick one on.',
  },
  weight: { kind: 'integer', label: 'Weight', required: true, when: { field: 'stamp', is: 'given' } },
}
const form = { fields, form: Object.keys(fields) }

test('a field applies where the one it hangs on says so, and nowhere that one does not apply itself', () => {
  expect(isApplicable(fields, 'stamp', { way: 'post' })).toBe(true)
  expect(isApplicable(fields, 'stamp', { way: 'post', isFree: true })).toBe(false)
  expect(isApplicable(fields, 'stamp', { way: 'mail' })).toBe(false)
  expect(isApplicable(fields, 'weight', { way: 'mail', stamp: true })).toBe(false)
  expect(isApplicable(fields, 'way', {})).toBe(true)
})

test('what is held and does not apply is idle, and what applies and is not held is missing', () => {
  expect(idleFields(form, { way: 'mail', isFree: false, stamp: true, weight: 5 })).toEqual(['stamp', 'weight'])
  expect(missingFields(form, { way: 'mail' })).toEqual([])
  expect(missingFields(form, { way: 'post', stamp: '' })).toEqual([{ path: 'stamp', message: 'Stick one on.' }])
  expect(missingFields(form, { way: 'post', stamp: 'x', weight: null })).toEqual([{ path: 'weight', message: 'Weight is needed.' }])
})

test('help says where a field applies, in the words of the form', () => {
  expect(Object.values(fields).map((field) => sayCondition(fields, field))).toEqual([
    null,
    'Only where Way is By post.',
    'Only where Free is not set.',
    'Only where Stamp is given.',
  ])
})
