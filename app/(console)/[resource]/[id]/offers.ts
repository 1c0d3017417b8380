import type { OfferedAct } from '@/components/resource/detail/acts'
import type { ManagedBy } from '@/lib/domain/managers/manager'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { operationByName, operationsOn, standsWith } from '@/lib/operations'
import { pathOf, resourceByName } from '@/lib/resources'

type Operation = ReturnType<typeof operationsOn>[number]

/**
 * Every operation of the object's resource: permission first, then what the last observed facts say; and those on what belongs to it that have words of
 * their own here (“Restart members in order”). The plan looks again. `managers`: found at its herd.
 */
export const offersFor = (
  actor: Actor,
  resource: { name: string; path: string },
  record: { id: string; environmentId: string | null; values: Record<string, unknown> },
  managers: ReadonlySet<ManagedBy>,
): OfferedAct[] => {
  const actOf = (operation: Operation, verb: string, href: string, verdict: Verdict | null): OfferedAct => {
    const { name, title } = operation
    const permission = runPermission(operation)
    const because = !mayIn(actor, permission, record.environmentId)
      ? `You do not have the permission ${permission.name} here.`
      : verdict?.verdict === 'refuse'
        ? verdict.because
        : null
    return {
      name,
      verb,
      title,
      danger: operation.dangerWith({}),
      href,
      because,
      warning: verdict?.verdict === 'warn' ? verdict.because : null,
    }
  }
  const own = operationsOn(resource.name)
    .filter((operation) => standsWith(operation, managers))
    .map((operation) =>
      actOf(operation, operation.verb, `/${resource.path}/run/${operation.name}?ids=${record.id}`, operation.offered(record.values)),
    )
  const ofMembers = (resourceByName(resource.name)?.offers ?? []).flatMap(({ resource: other, operations }) =>
    Object.entries(operations).flatMap(([name, verb]) =>
      verb === null || !standsWith(operationByName(name)!, managers)
        ? []
        : [actOf(operationByName(name)!, verb, `/${pathOf[other]}/run/${name}?of=${resource.name}&ids=${record.id}`, null)],
    ),
  )
  return [...own, ...ofMembers]
}
