import type { OfferedAct } from '@/components/resource/detail/acts'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { operationsOn } from '@/lib/operations'

/** Every operation of the object's resource: permission first, then what the last observed facts say. The plan looks again. */
export const offersFor = (
  actor: Actor,
  resource: { name: string; path: string },
  record: { id: string; environmentId: string | null; values: Record<string, unknown> },
): OfferedAct[] =>
  operationsOn(resource.name).map((operation) => {
    const { name, verb, title } = operation
    const permission = runPermission(operation)
    const verdict = operation.offered(record.values)
    const because = !mayIn(actor, permission, record.environmentId)
      ? `You do not have the permission ${permission.name} here.`
      : verdict.verdict === 'refuse'
        ? verdict.because
        : null
    return {
      name,
      verb,
      title,
      danger: operation.dangerWith({}),
      href: `/${resource.path}/run/${name}?ids=${record.id}`,
      because,
      warning: verdict.verdict === 'warn' ? verdict.because : null,
    }
  })
