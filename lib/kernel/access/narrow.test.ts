import { expect, test } from 'vitest'
import { type Actor, type Grant, mayIn, type Permission, permissionName, roleHolds, roles } from './access'
import { narrowed } from './narrow'

const actor = (grants: readonly Grant[]): Actor => ({ kind: 'token', personId: 'p', name: 't', grants })
const permissions: Permission[] = [
  'herd.view',
  'herd.change',
  'environment.change',
  'audit.view',
  { name: 'instance.run.restart', role: 'operator' },
  { name: 'instance.run.run-sql.write', role: 'dba' },
  { name: 'console.run.rekey', role: 'admin' },
]
const environments = ['dev', 'prod', null]

test('each role holds all that the ones before it hold', () => {
  for (const permission of permissions) {
    const held = roles.map((role) => roleHolds(role, permission))
    expect(held, permissionName(permission)).toEqual([...held].sort())
  }
})

test('a token never may what its owner or its own scope may not, and may everything both may', () => {
  for (const ownerRole of roles)
    for (const ownerIn of environments)
      for (const role of roles)
        for (const tokenIn of environments) {
          const owner = [
            { role: ownerRole, environmentId: ownerIn },
            { role: 'viewer' as const, environmentId: 'dev' },
          ]
          const token = { role, environmentId: tokenIn }
          const both = actor(narrowed(owner, token))
          for (const permission of permissions)
            for (const environment of ['dev', 'prod', 'stage'])
              expect(mayIn(both, permission, environment)).toBe(
                mayIn(actor(owner), permission, environment) && mayIn(actor([token]), permission, environment),
              )
        }
})
