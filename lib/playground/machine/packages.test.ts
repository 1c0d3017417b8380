import { expect, test } from 'vitest'
import { installCommand, missingPackages } from './packages.mjs'

test('the command an administrator is told installs exactly what is missing', () => {
  expect(installCommand(['slapd', 'curl'])).toBe('sudo apt-get update && sudo apt-get install --no-install-recommends slapd curl')
})

test('each missing package is named once; benches need all that the playground needs, and tests all that benches need', () => {
  const [forTests, forBenches] = [missingPackages('tests'), missingPackages('bench')]
  expect(new Set(forTests).size).toBe(forTests.length)
  expect(forTests).toEqual(expect.arrayContaining(forBenches))
  expect(forBenches).toEqual(expect.arrayContaining(missingPackages('playground')))
})
