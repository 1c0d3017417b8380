import type { ListAction, ListBoot } from '@/components/resource/list/list-data'
import type { ManagedBy } from '@/lib/domain/managers/manager'
import { type Actor, mayAnywhere, mayIn } from '@/lib/kernel/access/access'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import { operationByName, operationsOn, standsWith } from '@/lib/operations'
import { pathOf, resourceByName } from '@/lib/resources'

/**
 * The operations of a resource as this person meets them; those they may not run (nowhere, or not in the one environment that all rows are of) keep the
 * reason. Who may run none is offered none. `managers`: found at the herds that these rows are of.
 */
export const listActions = (
  actor: Actor,
  resource: string,
  managers: ReadonlySet<ManagedBy>,
  environmentId: string | null = null,
): ListAction[] => {
  const own = operationsOn(resource).map((operation) => ({ operation, verb: operation.verb, of: null }))
  const offered = (resourceByName(resource)?.offers ?? []).flatMap(({ operations }) =>
    Object.entries(operations).map(([name, verb]) => {
      const operation = operationByName(name)!
      return { operation, verb: verb ?? operation.verb, of: resource }
    }),
  )
  const meant = [...own, ...offered].filter(({ operation }) => standsWith(operation, managers))
  const actions = meant.map(({ operation, verb, of }) => {
    const permission = runPermission(operation)
    return {
      name: operation.name,
      path: pathOf[operation.on]!,
      of,
      verb,
      title: operation.title,
      danger: operation.dangerWith({}),
      because: (environmentId === null ? mayAnywhere(actor, permission) : mayIn(actor, permission, environmentId))
        ? null
        : 'You have no role that may run it here.',
    }
  })
  return actions.some(({ because }) => because === null) ? actions : []
}

const descriptions = new WeakMap<ResourceDescription, string>()

/** A single “’” would make the whole page's script a string of two bytes a character, copied and escaped at twice the cost. */
const inAscii = (text: string): string => text.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

const descriptionText = (description: ResourceDescription): string => {
  const known = descriptions.get(description)
  if (known) return known
  const text = inAscii(JSON.stringify(description))
  descriptions.set(description, text)
  return text
}

/** The list's JSON; the part that never changes is written once per process. */
export const bootText = (description: ResourceDescription, rest: Omit<ListBoot, 'resource' | 'pathOf'>): string =>
  `{"resource":${descriptionText(description)},"pathOf":${pathText},${JSON.stringify(rest).slice(1)}`

const pathText = JSON.stringify(pathOf)
