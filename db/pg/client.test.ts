import { expect, test } from 'vitest'
import { databaseFault } from './client'

test.each([
  new Error('Connection terminated unexpectedly'),
  new Error('Client has encountered a connection error and is not queryable'),
  new Error('Failed query', { cause: new Error('Client was closed and is not queryable') }),
  Object.assign(new Error('the database system is starting up'), { code: '57P03' }),
])('a connection that broke is a database that is gone, however the driver says so: %s', (error) => {
  expect(databaseFault(error)).toMatchObject({ code: 'database.down' })
})

test('what a database that answers refuses stays what it is', () => {
  const refused = Object.assign(new Error('duplicate key'), { code: '23505' })
  expect(databaseFault(refused)).toBe(refused)
})
