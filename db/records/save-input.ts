import { schemaOf } from '@/lib/fields/schema'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { missingFields, sayCondition } from '@/lib/kernel/resource/condition'
import type { Resource } from '@/lib/kernel/resource/resource'
import { targetOf } from '../pg/resource-table'
import type { Values } from './rules'
import { titlesOf } from './titles'

/** What a form or a program sent, checked by the kinds of the fields. Throws `input.invalid`, which names every field that is wrong. */
export const parseRecord = (resource: Resource, values: unknown, isPartial: boolean): Values => {
  const schema = isPartial ? schemaOf(resource).partial() : schemaOf(resource)
  const parsed = schema.safeParse(values)
  if (parsed.success) return Object.fromEntries(Object.entries(parsed.data).filter(([, value]) => value !== undefined)) as Values
  const fields = parsed.error.issues.flatMap((issue): FieldProblem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: key, message: `${resource.noun[0]} has no field of this name that can be set.` }))
      : [{ path: issue.path.join('.'), message: issue.message }],
  )
  throw new Fault('input.invalid', { fields })
}

/**
 * A reference must point to something the actor may see: an id cannot be used to find out that it exists. Asked before the transaction, which would
 * otherwise wait for a second connection while it holds one.
 */
export const unseenReferences = async (actor: Actor, resource: Resource, values: Values): Promise<FieldProblem[]> => {
  const problems: FieldProblem[] = []
  for (const [name, value] of Object.entries(values)) {
    const target = targetOf(resource, name)
    if (!target || typeof value !== 'string') continue
    const titles = await titlesOf(actor, target, [value])
    if (!titles.has(value)) problems.push({ path: name, message: `There is no such ${target.noun[0]}, or you may not see it.` })
  }
  return problems
}

/** What is missing where it applies, and what was sent although it does not. */
export const conditionProblems = (resource: Resource, after: Values, idle: readonly string[]): FieldProblem[] => [
  ...missingFields(resource, after),
  ...idle.map((path) => ({ path, message: sayCondition(resource.fields, resource.fields[path]!) ?? '' })),
]

export const mustBeFine = (problems: readonly FieldProblem[]): void => {
  if (problems.length > 0) throw new Fault('input.invalid', { fields: [...problems] })
}
