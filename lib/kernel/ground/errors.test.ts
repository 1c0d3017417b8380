import { expect, test, vi } from 'vitest'
import { Fault, isFault, toFault } from './errors'

test('a fault thrown by another copy of this module is known as what it is', async () => {
  vi.resetModules()
  const other = await import('./errors')
  expect(other.Fault).not.toBe(Fault)
  const thrown = new other.Fault('auth.directory-down', { because: 'It does not answer.' })
  expect(isFault(thrown, 'auth.directory-down')).toBe(true)
  expect(toFault(thrown)).toBe(thrown)
})

test('what merely looks like a fault is a bug', () => {
  const look = Object.assign(new Error('x'), { code: 'auth.rejected', facts: {} })
  expect(isFault(look)).toBe(false)
  expect(toFault(look).code).toBe('internal.bug')
  expect(isFault(null)).toBe(false)
})
