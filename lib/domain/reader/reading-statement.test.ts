import { expect, test } from 'vitest'
import { whyNotReading } from './reading-statement'

test.each([
  'select 1',
  '  (select 1) union (select 2)',
  '-- how many\nselect 1',
  '/* a /* nested */ one */ With x as (select 1) table x',
  'values (1)',
  'TABLE pg_settings',
  'show work_mem',
  'explain (analyze) select 1',
])('%s has the form of a statement that reads', (sql) => {
  expect(whyNotReading(sql)).toBeNull()
})

test.each([
  "copy (select 1) to program 'id'",
  "COPY t FROM '/etc/passwd'",
  'do $$ begin end $$',
  'call p()',
  "load 'x'",
  '/* select */ copy t to stdout',
  '--select\ndo $$ begin end $$',
  '/* /* */ select */ call p()',
  'selected()',
  'insert into t values (1)',
  'set role postgres',
  '/* open',
  '"select"',
  '',
])('%s has not, whatever stands before it', (sql) => {
  expect(whyNotReading(sql)).toContain('is no form that reads')
})

test('the refusal names the word and the forms there are', () => {
  expect(whyNotReading('copy t to stdout')).toBe(
    'COPY is no form that reads: without “May write” a statement begins with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN.',
  )
})
