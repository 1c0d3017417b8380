import { expect, test } from 'vitest'
import { lacksFactor } from './required-factor'

const [dba, admin] = [[{ role: 'dba' as const, environmentId: null }], [{ role: 'admin' as const, environmentId: 'dev' }]]

test.each([
  ['optional', false, admin, false],
  ['administrators', false, admin, true],
  ['administrators', true, admin, false],
  ['administrators', false, dba, false],
  ['everybody', false, dba, true],
  ['everybody', false, [], true],
  ['everybody', true, [], false],
] as const)('where it is %s, a person who has one: %s', (policy, hasFactor, grants, lacks) => {
  expect(lacksFactor({ hasFactor, grants: [...grants] }, policy)).toBe(lacks)
})
