import { getRecords, listRecords } from '@/db/records/records'
import { titlesOf } from '@/db/records/titles'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { emptyQuery } from '@/lib/kernel/resource/query'
import type { Offered, Resource } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import { targetsMax } from '@/lib/shapes/plan'
import { knownOperation } from './ask-plan'

/**
 * The targets of an operation that belong to these objects of another resource, which offers it: the members of herds, say. Only what the actor may see.
 * Throws `input.invalid` when it is not offered there, when one of the objects has none (that would be left out without a word), or when there are more
 * than a plan may have.
 */
export const targetsOf = async (actor: Actor, operation: string, of: string, ids: readonly string[]): Promise<string[]> => {
  const { name, on } = knownOperation(operation)
  const owner = resourceByName(of)
  const offered = owner?.offers.find(({ resource, operations }) => resource === on && Object.hasOwn(operations, name))
  const refuse = (messages: string[]) => new Fault('input.invalid', { fields: messages.map((message) => ({ path: 'targets', message })) })
  if (!owner || !offered) throw refuse([`${name} is not offered for ${owner?.noun[1] ?? of}.`])
  if (ids.length === 0) throw refuse([`Choose at least one ${owner.noun[0]}.`])
  const target = resourceByName(on)!
  const pointed = await pointedAt(actor, owner, offered, ids)
  const query = {
    ...emptyQuery(),
    filters: { [offered.by]: [...new Set(pointed.values())] },
    columns: [offered.by],
    perPage: targetsMax + 1,
  }
  const { ids: found, rows } = pointed.size === 0 ? { ids: [], rows: [] } : await listRecords(actor, target, query)
  if (found.length > targetsMax) throw refuse([`They have more than ${targetsMax} ${target.noun[1]}: choose fewer.`])
  const served = new Set(rows.map(([owned]) => owned))
  const without = ids.filter((id) => !served.has(pointed.get(id) ?? null))
  if (without.length === 0) return found
  const titles = await titlesOf(actor, owner, without)
  throw refuse(without.map((id) => `${titles.get(id) ?? id} has no ${target.noun[0]}: leave it out.`))
}

/** What the targets of each object point to: itself, or what it points to by a field of its own. */
const pointedAt = async (actor: Actor, owner: Resource, { via }: Offered, ids: readonly string[]): Promise<Map<string, string>> => {
  if (via === undefined) return new Map(ids.map((id) => [id, id]))
  const records = await getRecords(actor, owner, ids)
  return new Map(records.flatMap(({ id, values }): [string, string][] => (typeof values[via] === 'string' ? [[id, values[via]]] : [])))
}
