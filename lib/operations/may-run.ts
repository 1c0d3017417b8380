import { type Actor, mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { operationByName } from '.'

/** Whether this actor may run it there; false for an unknown operation. `environmentId` null: on what belongs to no environment. */
export const mayRun = (actor: Actor, name: string, environmentId: string | null): boolean => {
  const operation = operationByName(name)
  return operation !== undefined && mayIn(actor, runPermission(operation), environmentId)
}

export const mayRunAnywhere = (actor: Actor, name: string): boolean => {
  const operation = operationByName(name)
  return operation !== undefined && mayAnywhere(actor, runPermission(operation))
}
