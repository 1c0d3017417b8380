import { expect, test } from 'vitest'
import { describeOperation, operationByName, operations } from '@/lib/operations'
import { shortStatement, statementIn } from './statement'

test('the statement that Run SQL would run is found by its format, and no other operation claims one', () => {
  const input = { sql: 'select 1', database: 'postgres' }
  expect(statementIn(describeOperation(operationByName('run-sql')!).input, input)).toBe('select 1')
  const claim = operations.filter((operation) => statementIn(describeOperation(operation).input, { ...input, format: 'x' }) !== null)
  expect(claim.map(({ name }) => name)).toEqual(['run-sql'])
})

test('in a title the statement is one line of at most sixty characters', () => {
  expect(shortStatement('select name,\n  setting\nfrom pg_settings')).toBe('select name, setting from pg_settings')
  expect(shortStatement(`select ${'x'.repeat(90)}`)).toMatch(/^select x{52}…$/)
})
