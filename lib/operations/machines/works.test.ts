import { expect, test } from 'vitest'
import { worksOnMachines } from '@/lib/domain/machines/drift'
import { operationByName } from '..'

test('every operation that changes what the cloud says of a machine is one of the console', () => {
  expect(Object.keys(worksOnMachines).filter((name) => operationByName(name) === undefined)).toEqual([])
})
