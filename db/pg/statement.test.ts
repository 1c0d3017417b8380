import { expect, test } from 'vitest'
import { asJson } from './statement'

const moment = asJson!.getTypeParser(1184, 'text') as (text: string) => string

test.each([
  ['2026-11-21 06:49:28.123456+00', '2026-11-21T06:49:28.123Z'],
  ['2026-11-21 06:49:28.1+00', '2026-11-21T06:49:28.100Z'],
  ['2026-11-21 06:49:28+00', '2026-11-21T06:49:28.000Z'],
  ['2026-11-21 08:49:28.5+02', '2026-11-21T06:49:28.500Z'],
  ['2026-11-21 12:19:28.25+05:30', '2026-11-21T06:49:28.250Z'],
  ['12026-11-21 06:49:28+00', '+012026-11-21T06:49:28.000Z'],
])('the time %s of PostgreSQL is %s to a page, whatever its zone, fraction or year', (text, iso) => {
  expect(moment(text)).toBe(iso)
})
