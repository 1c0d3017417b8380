import { expect, test } from 'vitest'
import { matches, parseNames } from './names'
import { maintenanceStatement, quotedName, shownName } from './work'

const chosen = (text: string, ...objects: string[]): string[] => {
  const patterns = parseNames(text)
  if (typeof patterns === 'string') throw new Error(patterns)
  return objects.filter((one) => {
    const [schema, name] = one.split('/')
    return patterns.some((pattern) => matches(pattern, { schema: schema!, name: name! }))
  })
}

test('names and patterns choose as in psql: unquoted in lower case, quoted as it stands, without a schema in any', () => {
  const there = ['public/orders', 'app/orders', 'app/orders_log', 'public/Orders', 'public/a.b', 'Odd schema/x']
  expect(chosen('public.orders', ...there)).toEqual(['public/orders'])
  expect(chosen('ORDERS', ...there)).toEqual(['public/orders', 'app/orders'])
  expect(chosen('app.*\n"Odd schema".x, "a.b"', ...there)).toEqual(['app/orders', 'app/orders_log', 'public/a.b', 'Odd schema/x'])
  expect(chosen('public."Orders", *_lo?', ...there)).toEqual(['app/orders_log', 'public/Orders'])
  expect(chosen('*', ...there)).toEqual(there)
  expect(chosen('"*"', ...there)).toEqual([])
  expect(chosen('"say ""hi"""', 'public/say "hi"')).toEqual(['public/say "hi"'])
})

test('what is no name is said, and nothing is chosen by half of it', () => {
  expect(parseNames('public.')).toMatch(/name is missing/)
  expect(parseNames('"open')).toMatch(/not closed/)
  expect(parseNames('orders; drop table orders')).toMatch(/comes a comma/)
  expect(parseNames('odd table')).toMatch(/double quotes/)
  expect(parseNames('a.b.c')).toMatch(/comes a comma/)
  expect(parseNames(' ,\n')).toEqual([])
})

test('a name that is shown chooses the object that bears it, and no other', () => {
  for (const object of [
    { schema: 'public', name: 'orders' },
    { schema: 'Odd "schema"', name: 'a.b, c*' },
    { schema: 'public', name: 'back\\slash; drop' },
    { schema: 'öffentlich', name: 'zeit$1' },
  ]) {
    const [pattern, ...more] = parseNames(shownName(object)) as Exclude<ReturnType<typeof parseNames>, string>
    expect([matches(pattern!, object), more]).toEqual([true, []])
    expect(matches(pattern!, { ...object, name: `${object.name}2` })).toBe(false)
  }
})

test('every statement names its object in quotes, whatever stands in the name', () => {
  const object = { schema: 'public', name: 'x"; DROP TABLE orders; --' }
  const quoted = '"public"."x""; DROP TABLE orders; --"'
  expect(quotedName(object)).toBe(quoted)
  expect(maintenanceStatement({ deed: 'vacuum', freeze: true, analyze: true, truncate: false }, object, 15)).toBe(
    `VACUUM (FREEZE, ANALYZE, TRUNCATE false) ${quoted}`,
  )
  expect(maintenanceStatement({ deed: 'vacuum', freeze: false, analyze: false, truncate: false }, object, 11)).toBe(`VACUUM ${quoted}`)
  expect(maintenanceStatement({ deed: 'analyze' }, object, 10)).toBe(`ANALYZE ${quoted}`)
  expect(maintenanceStatement({ deed: 'reindex' }, object, 15)).toBe(`REINDEX INDEX CONCURRENTLY ${quoted}`)
  expect(maintenanceStatement({ deed: 'drop-index' }, object, 15)).toBe(`DROP INDEX CONCURRENTLY ${quoted}`)
  expect(() => quotedName({ schema: 'a', name: 'b\0' })).toThrow(RangeError)
})
