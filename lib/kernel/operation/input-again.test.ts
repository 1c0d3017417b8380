import { expect, test } from 'vitest'
import { describeOperation, operationByName } from '@/lib/operations'
import { inputAgain } from './input-again'

test('running a failover again does not repeat the word that was given in place of a fence', () => {
  const { input } = describeOperation(operationByName('failover')!)
  expect(inputAgain(input, { mode: 'emergency', canary: false, override: 'prod-orders' })).toEqual({ mode: 'emergency', canary: false })
})
