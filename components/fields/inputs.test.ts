import { expect, test } from 'vitest'
import { fieldSchema } from '@/lib/fields/schema'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import { fromInput, toInput } from './inputs'

const same = (spec: FieldSpec, value: Json) => expect(fieldSchema(spec).parse(fromInput(toInput(value, spec), spec))).toEqual(value)

test('a value that was not touched is saved as it was, whatever its kind', () => {
  same({ kind: 'text', label: 'x' }, 'a "quoted" text')
  same({ kind: 'longText', label: 'x' }, 'two\nlines')
  same({ kind: 'hostname', label: 'x' }, 'db1.example.org')
  same({ kind: 'path', label: 'x' }, '/var/lib/postgresql')
  same({ kind: 'port', label: 'x' }, 5432)
  same({ kind: 'integer', label: 'x', min: -5 }, -3)
  for (const bytes of [0, 1, 1023, 1024, 1025, 16_777_216, 1_099_511_627_776, 1_099_511_627_777]) same({ kind: 'bytes', label: 'x' }, bytes)
  for (const seconds of [0, 0.25, 90, 3601]) same({ kind: 'seconds', label: 'x' }, seconds)
  same({ kind: 'flag', label: 'x' }, true)
  same({ kind: 'flag', label: 'x' }, false)
  same({ kind: 'choice', label: 'x', choices: [{ value: 'a', label: 'A' }] }, 'a')
  same({ kind: 'moment', label: 'x' }, '2026-01-31T08:00:00.000Z')
  same({ kind: 'lsn', label: 'x' }, '16/B374D848')
  same({ kind: 'tags', label: 'x' }, ['ssd', 'rack:7'])
  same({ kind: 'tags', label: 'x', pattern: { source: '^.+$', message: 'x' } }, ['Sat 22:00-04:00 Europe/Berlin', 'Sun 01:00-02:00'])
  same({ kind: 'reference', label: 'x', to: 'herd' }, '7b2c7a8e-5d0e-4c6e-9d52-0f3a5f1b2c3d')
  same({ kind: 'json', label: 'x' }, { a: [1, { b: null }] })
})

test('an empty value stays empty', () => {
  for (const kind of ['text', 'port', 'bytes', 'seconds', 'moment', 'lsn', 'tags', 'json'] as const) same({ kind, label: 'x' }, null)
})
