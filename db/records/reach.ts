import { type Actor, allowance, isOwn, mayIn, ownId } from '@/lib/kernel/access/access'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resources } from '@/lib/resources'
import { shapeOf } from '../pg/resource-table'
import type { Params } from '../pg/statement'

export type Act = 'view' | 'add' | 'change' | 'delete'

/** What an actor may see of a resource, as data: also the part of a cache key that keeps two people's lists apart. */
export type Reach = (
  | { kind: 'all' }
  | { kind: 'none' }
  | { kind: 'environments'; ids: readonly string[] }
  | { kind: 'owner'; personId: string }
) & {
  /** Resources of which it shows no row that tells of them. */
  hidden?: readonly string[]
}

export const reachOf = (actor: Actor, resource: Resource, act: Act = 'view'): Reach => {
  const reach = reachOfRole(actor, resource, act)
  if (resource.tellsOf === undefined || reach.kind === 'none') return reach
  const hidden = resources.filter((other) => allowance(actor, `${other.name}.${act}`) === 'none').map((other) => other.name)
  return hidden.length > 0 ? { ...reach, hidden } : reach
}

const reachOfRole = (actor: Actor, resource: Resource, act: Act): Reach => {
  const allowed = allowance(actor, `${resource.name}.${act}`)
  if (allowed === 'all') return { kind: 'all' }
  const { scope } = resource
  const personId = ownId(actor)
  if (typeof scope === 'object' && 'owner' in scope) return personId === null ? { kind: 'none' } : { kind: 'owner', personId }
  // Not territorial: a role in one environment gives nothing here.
  if (scope === 'console' || allowed === 'none') return { kind: 'none' }
  return { kind: 'environments', ids: [...allowed.environmentIds].sort() }
}

export const reachKey = (reach: Reach): string => {
  const place = reach.kind === 'environments' ? `e:${reach.ids.join()}` : reach.kind === 'owner' ? `o:${reach.personId}` : reach.kind
  return reach.hidden ? `${place} less ${reach.hidden.join()}` : place
}

/** The reach as a condition on the resource's table; `true` when it is everything. */
export const reachSql = (resource: Resource, reach: Reach, params: Params, alias = 't'): string => {
  const place = placeSql(resource, reach, params, alias)
  const told = resource.tellsOf && shapeOf(resource).columns[resource.tellsOf]
  return reach.hidden && told ? `(${place} and ${alias}.${told.sql} <> all(${params.add(reach.hidden)}::text[]))` : place
}

const placeSql = (resource: Resource, reach: Reach, params: Params, alias: string): string => {
  if (reach.kind === 'all') return 'true'
  if (reach.kind === 'none') return 'false'
  const { scope } = resource
  const { columns } = shapeOf(resource)
  if (reach.kind === 'owner') {
    const owner = typeof scope === 'object' && 'owner' in scope ? columns[scope.owner] : undefined
    return owner ? `${alias}.${owner.sql} = ${params.add(reach.personId)}::uuid` : 'false'
  }
  if (typeof scope === 'object' && 'array' in scope) return `${alias}.${columns[scope.array]!.sql} && ${params.add(reach.ids)}::uuid[]`
  const column = typeof scope === 'string' ? columns[scope] : undefined
  if (!column) return 'false'
  // One environment as an equality lets an index that starts with it also give the order.
  return reach.ids.length === 1
    ? `${alias}.${column.sql} = ${params.add(reach.ids[0])}::uuid`
    : `${alias}.${column.sql} = any(${params.add(reach.ids)}::uuid[])`
}

/** The same answer as `reachSql` gives, for a row that was read already. */
export const reachCovers = (resource: Resource, reach: Reach, row: Readonly<Record<string, unknown>>): boolean => {
  if (reach.kind === 'none' || (resource.tellsOf && reach.hidden?.includes(row[resource.tellsOf] as string))) return false
  if (reach.kind === 'all') return true
  const { scope } = resource
  if (reach.kind === 'owner') return typeof scope === 'object' && 'owner' in scope && row[scope.owner] === reach.personId
  if (typeof scope === 'object') return 'array' in scope && (row[scope.array] as string[]).some((id) => reach.ids.includes(id))
  return reach.ids.includes(row[scope] as string)
}

/** Whether the actor may do this to a row with this environment (and owner). */
export const mayOnRow = (
  actor: Actor,
  resource: Resource,
  act: Act,
  row: { environmentId: string | null; ownerId?: string | null },
): boolean => {
  const { scope } = resource
  if (typeof scope === 'object' && 'owner' in scope && isOwn(actor, row.ownerId)) return true
  return mayIn(actor, `${resource.name}.${act}`, row.environmentId)
}
