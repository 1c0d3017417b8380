import { expect, test } from 'vitest'
import { capital } from './capital'

test('only the first letter becomes large, and no text stays none', () => {
  expect(capital('replication Slot')).toBe('Replication Slot')
  expect(capital('')).toBe('')
})
