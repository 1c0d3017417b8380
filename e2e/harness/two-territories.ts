import { getTableColumns } from 'drizzle-orm'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { getDb } from '@/db/pg/client'
import type { Actor, Role } from '@/lib/kernel/access/access'
import type { Resource } from '@/lib/kernel/resource/resource'
import { type ResourceName, resources } from '@/lib/resources'

type Values = Record<string, unknown>
interface Territory {
  name: 'here' | 'there'
  index: number
  /** By resource, of this territory, so far. */
  ids: Partial<Record<ResourceName, string>>
}

/** Where a row cannot be made from the schema alone, or where tests want it by these values. */
const particular: Partial<Record<ResourceName, (territory: Territory) => Values>> = {
  environment: ({ name }) => ({ name }),
  server: ({ name }) => ({ hostname: `host-${name}`, address: `host-${name}.test`, tags: ['t', name] }),
  herd: ({ name }) => ({ name: `herd-${name}`, dataDirectory: '/data', preferredSite: name }),
  instance: ({ index }) => ({ version: `15.${index}` }),
  'dns-zone': ({ name }) => ({ name: `${name}.test` }),
  name: () => ({ hostName: 'shop' }),
  job: ({ ids }) => ({ operation: 'reload', resource: 'server', targetId: ids.server, state: 'done' }),
  'sizing-limit': ({ name }) => ({ region: `eu-${name}-1` }),
  change: ({ ids }) => ({ resource: 'herd', objectId: ids.herd }),
}

/** A pair is its herd, as a view. */
const isSeenThrough: Partial<Record<ResourceName, ResourceName>> = { 'dr-pair': 'herd' }

const anHourMs = 3_600_000

/** A value that a column without a default takes, and that names the territory where it is a text. */
const filled = (resource: Resource, property: string, column: PgColumn, { name, index }: Territory): unknown => {
  const spec = resource.fields[property]
  if (spec?.kind === 'choice') return spec.choices[0]!.value
  if (column.enumValues?.length) return column.enumValues[0]
  if (column.dataType === 'date') return new Date(Date.now() + anHourMs)
  if (column.dataType === 'number') return index + 1
  if (column.dataType === 'boolean') return false
  if (column.dataType === 'json') return {}
  if (column.dataType === 'array') return []
  return column.getSQLType() === 'uuid' ? crypto.randomUUID() : `${resource.name}-${name}`
}

/** Column → the resource whose row it holds, by the foreign keys and by the fields that refer. */
const pointersOf = (resource: Resource<ResourceName>): Map<string, ResourceName> => {
  const columns = Object.entries(getTableColumns(resource.keptIn) as Record<string, PgColumn>)
  const pointers = new Map<string, ResourceName>()
  for (const [property, spec] of Object.entries(resource.fields))
    if (spec.kind === 'reference') pointers.set(property, spec.to as ResourceName)
  for (const key of getTableConfig(resource.keptIn as unknown as PgTable).foreignKeys) {
    const { columns: from, foreignColumns, foreignTable } = key.reference()
    const target = resources.find(({ keptIn }) => (keptIn as unknown) === foreignTable)
    const held = from[foreignColumns.findIndex(({ name }) => name === 'id')]
    const property = columns.find(([, column]) => column === held)?.[0]
    if (target && property) pointers.set(property, target.name)
  }
  const { scope } = resource
  const scoped = typeof scope === 'string' && !['id', 'console'].includes(scope) ? scope : null
  if (scoped) pointers.set(scoped, 'environment')
  return pointers
}

const rowOf = (resource: Resource<ResourceName>, territory: Territory): Values => {
  const columns = getTableColumns(resource.keptIn) as Record<string, PgColumn>
  const row: Values = {}
  for (const [property, target] of pointersOf(resource)) if (target !== resource.name) row[property] = territory.ids[target]
  for (const [property, column] of Object.entries(columns))
    if (row[property] === undefined && column.notNull && !column.hasDefault && !column.generated)
      row[property] = filled(resource, property, column, territory)
  if (typeof resource.scope === 'object' && 'array' in resource.scope) row[resource.scope.array] = [territory.ids.environment]
  return { ...row, ...particular[resource.name]?.(territory) }
}

const insert = async (resource: Resource, row: Values): Promise<string> => {
  const [inserted] = await getDb()
    .insert(resource.keptIn)
    .values(row as never)
    .returning()
  return (inserted as { id: string }).id
}

/** What it points to first. */
const inOrder = (): Resource<ResourceName>[] => {
  const done: Resource<ResourceName>[] = []
  const visit = (resource: Resource<ResourceName>, path: readonly string[]): void => {
    if (done.includes(resource) || path.includes(resource.name)) return
    const before = [...pointersOf(resource).values(), isSeenThrough[resource.name]]
    for (const name of before) if (name) visit(resources.find((one) => one.name === name)!, [...path, resource.name])
    done.push(resource)
  }
  for (const resource of resources) visit(resource, [])
  return done
}

/** One row of every resource in each of two environments, made from the schema, and the ids by `resource:environment`. */
export const seedTerritories = async (): Promise<Record<string, string>> => {
  const all: Record<string, string> = {}
  const byName = (name: ResourceName) => resources.find((one) => one.name === name)!
  for (const [index, name] of (['here', 'there'] as const).entries()) {
    const territory: Territory = { name, index, ids: {} }
    for (const resource of inOrder()) {
      const seenThrough = isSeenThrough[resource.name]
      territory.ids[resource.name] = seenThrough ? territory.ids[seenThrough]! : await insert(resource, rowOf(resource, territory))
    }
    // A second member makes the herd a pair.
    const second = await insert(byName('server'), {
      ...rowOf(byName('server'), territory),
      hostname: `second-${name}`,
      address: `second-${name}.test`,
    })
    const standby = await insert(byName('instance'), { herdId: territory.ids.herd, serverId: second })
    for (const [kind, id] of Object.entries({ ...territory.ids, second, standby })) all[`${kind}:${name}`] = id
  }
  return all
}

export const actorIn = (role: Role, environmentId: string | null, personId: string | null = null): Actor => ({
  kind: 'person',
  personId,
  name: `${role} test`,
  grants: [{ role, environmentId }],
})
