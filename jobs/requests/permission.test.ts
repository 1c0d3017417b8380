import { expect, test } from 'vitest'
import type { Actor } from '@/lib/kernel/access/access'
import type { Fault } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { operations } from '@/lib/operations'
import { mustRun, mustRunIn } from './permission'

const [here, there] = ['here', 'there']
const actor = (role: 'viewer' | 'admin'): Actor => ({ kind: 'person', personId: null, name: 'a', grants: [{ role, environmentId: here }] })
const targets = [
  { title: 'a on one', environmentId: here },
  { title: 'b on two', environmentId: there },
]
const said = (work: () => void): string => {
  try {
    work()
    return ''
  } catch (error) {
    return (error as Fault).message
  }
}

test.each(operations.map((operation) => [operation.name, operation] as const))(
  'who may not run %s is told the permission by its name, and what they may not run it on',
  (_name, operation) => {
    const { name } = runPermission(operation, {})
    expect(said(() => mustRun(actor('viewer'), operation, {}, targets))).toBe(`You do not have the permission ${name} in any environment.`)
    expect(said(() => mustRun(actor('admin'), operation, {}, targets))).toBe(`You do not have the permission ${name} for b on two.`)
    expect(said(() => mustRunIn(actor('admin'), operation, {}, [here, there]))).toBe(
      `You do not have the permission ${name} in every environment it touches.`,
    )
    expect(said(() => mustRun(actor('admin'), operation, {}, targets.slice(0, 1)))).toBe('')
  },
)
