import type { RunPermission } from '../access/access'
import type { Operation } from './operation'

type Asked = Pick<Operation, 'on' | 'permission' | 'role'>

/** What an actor must hold to run it with this input: `instance.run.restart`, `instance.run.run-sql.write`. */
export const runPermission = ({ on, permission, role }: Asked, input: unknown = {}): RunPermission => ({
  name: `${on}.run.${permission(input)}`,
  role,
})

/** Every permission that it can ask for; `write` is the one input that changes it. */
export const runPermissions = (operation: Asked): RunPermission[] => {
  const [reads, writes] = [runPermission(operation), runPermission(operation, { write: true })]
  return reads.name === writes.name ? [reads] : [reads, writes]
}
