import { expect, test } from 'vitest'
import { permissionName, roles } from '@/lib/kernel/access/access'
import { accessCell, permissionGroups } from '@/lib/kernel/access/access-matrix'
import type { Operation } from '@/lib/kernel/operation/operation'
import { runPermissions } from '@/lib/kernel/operation/run-permission'
import { resources } from '@/lib/resources'
import { operations } from '.'

/** Who may run what, as the access page shows it: each permission to run something, and the roles that hold it. */
const matrixOf = (declared: readonly Operation[]): string[] =>
  permissionGroups(
    resources.map((resource) => ({ ...resource, isEditable: resource.form.length > 0 })),
    declared.map((operation) => ({ on: operation.on, title: operation.title, permissions: runPermissions(operation) })),
  )
    .flatMap(({ rows }) => rows)
    .flatMap(({ permission }) => {
      if (typeof permission === 'string') return []
      const held = roles.filter((role) => accessCell([{ id: role, role, environmentId: null, groupName: null }], permission, 'prod').held)
      return [`${permissionName(permission).padEnd(32)}${held.join(' ')}`]
    })

test('each operation may be run by the role that it declares, by those above it, and by nobody below', async () => {
  await expect(`${matrixOf(operations).join('\n')}\n`).toMatchFileSnapshot('__snapshots__/access.txt')
  for (const operation of operations) {
    const held = roles.slice(roles.indexOf(operation.role)).join(' ')
    for (const line of matrixOf([operation]).filter((one) => one.startsWith(`${operation.on}.run.${operation.name}`)))
      expect(line, operation.name).toMatch(new RegExp(` ${held}$`))
  }
})

test('a declaration that asks for another role moves its line of the access matrix and no other', () => {
  const stricter = operations.map((one): Operation => (one.name === 'restart' ? { ...one, role: 'admin' } : one))
  const [before, after] = [matrixOf(operations), matrixOf(stricter)]
  expect(after.filter((line) => !before.includes(line))).toEqual([`${'instance.run.restart'.padEnd(32)}admin`])
})
