import { expect, test } from 'vitest'
import { installCommand, missingPackages } from './packages'

test('the command an administrator is told installs exactly what is missing', () => {
  expect(installCommand(['slapd', 'curl'])).toBe('sudo apt-get update && sudo apt-get install --no-install-recommends slapd curl')
})

test('each missing package is named once, and the tests need all that the playground needs', () => {
  const forTests = missingPackages('tests')
  expect(new Set(forTests).size).toBe(forTests.length)
  expect(forTests).toEqual(expect.arrayContaining(missingPackages('playground')))
})
