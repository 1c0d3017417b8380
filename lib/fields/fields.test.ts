import { expect, test } from 'vitest'
import { z } from 'zod'
import type { FieldSpec } from '@/lib/kernel/resource/field'
import { resources } from '@/lib/resources'
import { formatValue } from './kinds'
import { fieldSchema, schemaOf } from './schema'

const of = (spec: Partial<FieldSpec> & { kind: FieldSpec['kind'] }) => fieldSchema({ label: 'Field', ...spec } as FieldSpec)
const accept = (spec: Parameters<typeof of>[0], input: unknown) => of(spec).parse(input)
const refuse = (spec: Parameters<typeof of>[0], input: unknown): string => {
  const parsed = of(spec).safeParse(input)
  return parsed.success ? `accepted ${JSON.stringify(parsed.data)}` : parsed.error.issues[0]!.message
}

test('what a person types and what a script sends become the same stored value', () => {
  for (const [kind, typed, sent, stored] of [
    ['bytes', ' 1GB ', 1073741824, 1073741824],
    ['seconds', '5m', 300, 300],
    ['port', '5432', 5432, 5432],
    ['integer', '-7', -7, -7],
    ['flag', 'yes', true, true],
    ['lsn', '0/3000148', '0/3000148', '0/3000148'],
    ['moment', '2026-01-31T09:00+01:00', '2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'],
    ['text', ' shop ', 'shop', 'shop'],
  ] as const) {
    expect(accept({ kind }, typed)).toEqual(stored)
    expect(accept({ kind }, sent)).toEqual(stored)
  }
  expect(accept({ kind: 'tags' }, 'debian, nvme  debian')).toEqual(['debian', 'nvme'])
  expect(accept({ kind: 'tags' }, ['debian'])).toEqual(['debian'])
})

test('nothing, blanks and an empty list are null; a required field says that it is needed', () => {
  for (const input of ['', '   ', null, []]) {
    expect(accept({ kind: 'text' }, input)).toBe(null)
    expect(refuse({ kind: 'port', label: 'Port', required: true } as FieldSpec, input)).toBe('Port is needed.')
  }
  expect(accept({ kind: 'text' }, undefined)).toBe(undefined)
})

test('each refusal names the fix', () => {
  expect(refuse({ kind: 'port' }, '70000')).toBe('A port is a whole number from 1 to 65535.')
  expect(refuse({ kind: 'port' }, 0)).toBe('A port is a whole number from 1 to 65535.')
  expect(refuse({ kind: 'port' }, '54x')).toBe('A port is a whole number from 1 to 65535.')
  expect(refuse({ kind: 'bytes' }, '1 apple')).toBe('Write a size such as 512MB, 1GB or a number of bytes.')
  expect(refuse({ kind: 'seconds' }, 'soon')).toBe('Write a duration such as 30s, 5m or 2h.')
  expect(refuse({ kind: 'path' }, 'data')).toBe('Start with a slash: the path is absolute.')
  expect(refuse({ kind: 'path' }, '/data/../etc')).toBe('Leave out “..”: write the path itself.')
  expect(refuse({ kind: 'hostname' }, 'db_1.example.org')).toContain('“db_1” is no part of a host name')
  expect(refuse({ kind: 'hostname' }, '-db')).toContain('“-db” is no part of a host name')
  expect(refuse({ kind: 'hostname' }, 'a..b')).toContain('Two dots')
  expect(refuse({ kind: 'hostname' }, 'db; rm -rf /')).toContain('is no part of a host name')
  expect(refuse({ kind: 'integer', min: 1, max: 9, unit: 'hosts' } as FieldSpec, '12')).toBe('Write a whole number from 1 to 9 (hosts).')
  expect(refuse({ kind: 'reference', to: 'herd' } as FieldSpec, 'shop')).toBe('Choose one from the list, or send its id.')
  expect(refuse({ kind: 'choice', label: 'F', choices: [{ value: 'a', label: 'A' }] }, 'b')).toBe('Choose one of: a.')
  expect(refuse({ kind: 'text' }, 'two\nlines')).toBe('Write one line.')
  expect(refuse({ kind: 'text', maxLength: 3 } as FieldSpec, 'four')).toBe('Use at most 3 characters.')
  expect(refuse({ kind: 'moment' }, 'tomorrow')).toBe('Write a time such as 2026-01-31T08:00Z.')
})

test('host names with capitals, IP addresses and IPv6 addresses', () => {
  expect(accept({ kind: 'hostname' }, 'DB1.Example.ORG')).toBe('DB1.Example.ORG')
  expect(accept({ kind: 'hostname' }, '10.0.0.1')).toBe('10.0.0.1')
  expect(accept({ kind: 'hostname' }, 'fe80::1')).toBe('fe80::1')
  expect(accept({ kind: 'hostname' }, '::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1')
  expect(refuse({ kind: 'hostname' }, '1.2.3:5432')).toContain('is no part of a host name')
})

test('values read as PostgreSQL writes them', () => {
  const format = (kind: FieldSpec['kind'], value: string | number | boolean | null) => formatValue({ kind, label: 'x' } as FieldSpec, value)
  expect(format('bytes', 16777216)).toBe('16 MB')
  expect(format('seconds', 125)).toBe('2 min 5 s')
  expect(format('flag', false)).toBe('no')
  expect(format('bytes', 0)).toBe('0 B')
  expect(format('text', null)).toBe('')
})

test('every form has a schema that the API description can show, and refuses fields that are not its own', () => {
  for (const resource of resources) {
    const schema = schemaOf(resource)
    expect(Object.keys(schema.shape)).toEqual([...resource.form])
    expect(z.toJSONSchema(schema)).toMatchObject({ type: 'object', additionalProperties: false })
    expect(schema.safeParse({ id: 'x' }).error?.issues).toContainEqual(expect.objectContaining({ code: 'unrecognized_keys', keys: ['id'] }))
  }
})

test('a maintenance window says days, hours and zone', () => {
  const schema = schemaOf(resources.find((resource) => resource.name === 'environment')!).partial()
  const windows = (maintenanceWindows: string) => schema.safeParse({ maintenanceWindows }).success
  expect(schema.parse({ maintenanceWindows: 'Sat 22:00-04:00 Europe/Berlin, Sun 02:00-04:00' })).toEqual({
    maintenanceWindows: ['Sat 22:00-04:00 Europe/Berlin', 'Sun 02:00-04:00'],
  })
  expect(windows('Mon-Fri 22:00-04:00 UTC')).toBe(true)
  expect(windows('Someday 22:00-04:00')).toBe(false)
  expect(windows('Sat 25:00-04:00')).toBe(false)
})
