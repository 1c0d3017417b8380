import type { RunPermission } from '../access/access'
import type { Operation } from './operation'

type Asked = Pick<Operation, 'on' | 'permission' | 'role'>
type Answering = Pick<Operation, 'on' | 'name' | 'results'>

/** What an actor must hold to run it with this input: `instance.run.restart`, `instance.run.run-sql.write`. */
export const runPermission = ({ on, permission, role }: Asked, input: unknown = {}): RunPermission => ({
  name: `${on}.run.${permission(input)}`,
  role,
})

/** What an actor must hold to read the rows that it answered with: `instance.run.run-sql.results`; undefined: it answers with none. */
export const resultsPermission = ({ on, name, results }: Answering): RunPermission | undefined =>
  results && { name: `${on}.run.${name}.results`, role: results }

/** Every permission that it can ask for; `write` is the one input that changes it. */
export const runPermissions = (operation: Asked & Answering): RunPermission[] => {
  const [reads, writes] = [runPermission(operation), runPermission(operation, { write: true })]
  return [reads, ...(reads.name === writes.name ? [] : [writes]), ...[resultsPermission(operation) ?? []].flat()]
}
