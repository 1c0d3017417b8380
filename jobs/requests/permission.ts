import { type Actor, mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Operation } from '@/lib/kernel/operation/operation'
import { runPermission } from '@/lib/kernel/operation/run-permission'

interface Somewhere {
  title: string
  environmentId: string | null
}

/** Throws `access.denied`, naming what the actor may not touch. */
export const mustRun = (actor: Actor, operation: Operation, input: unknown, targets: readonly Somewhere[]): void => {
  const permission = runPermission(operation, input)
  const denied = targets.filter((target) => !mayIn(actor, permission, target.environmentId))
  if (denied.length === 0) return
  const shown = denied.slice(0, 5).map((target) => target.title)
  const more = denied.length > shown.length ? ` and ${denied.length - shown.length} more` : ''
  throw new Fault('access.denied', {
    because: mayAnywhere(actor, permission)
      ? `You do not have the permission ${permission.name} for ${shown.join(', ')}${more}.`
      : `You do not have the permission ${permission.name} in any environment.`,
    permission: permission.name,
  })
}

/** The same for every environment that a run or a plan touches. */
export const mustRunIn = (actor: Actor, operation: Operation, input: unknown, environmentIds: readonly (string | null)[]): void => {
  const permission = runPermission(operation, input)
  if (environmentIds.length > 0 ? environmentIds.every((id) => mayIn(actor, permission, id)) : mayIn(actor, permission, null)) return
  throw new Fault('access.denied', {
    because: `You do not have the permission ${permission.name} in every environment it touches.`,
    permission: permission.name,
  })
}
