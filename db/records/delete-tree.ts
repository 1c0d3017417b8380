import { sql } from 'drizzle-orm'
import { withArticle } from '@/lib/domain/values/counted'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Resource } from '@/lib/kernel/resource/resource'
import { resources } from '@/lib/resources'
import { forget } from '../pg/cached'
import { inTransaction, notify, type Tx } from '../pg/client'
import { quote, shapeOf } from '../pg/resource-table'
import { writeAudit } from '../trail/audit'
import { writeChange } from '../trail/changes'
import { mayOnRow } from './reach'
import { lockRow } from './save'
import { rulesOf } from './save-rules'

/** Rows of one table that hang on what is deleted. */
export interface DeleteNode {
  /** null: a table without pages of its own. */
  resource: string | null
  noun: readonly [string, string]
  /** `delete`: goes along. `detach`: stays and loses the reference. `block`: has to go first. */
  action: 'delete' | 'detach' | 'block'
  count: number
  /** The first few, by title; empty where the actor may not see the resource. */
  examples: { id: string; title: string }[]
  children: DeleteNode[]
}

export interface DeleteTree {
  id: string
  title: string
  resource: string
  children: DeleteNode[]
  /** Sentences: why it cannot be deleted now. */
  blockers: string[]
  /** Permissions that are missing, such as `grant.delete`. */
  missing: string[]
  canDelete: boolean
}

interface ForeignKey {
  from: string
  columns: string[]
  targetColumns: string[]
  onDelete: 'a' | 'r' | 'c' | 'n' | 'd'
}

const examplesMax = 5
const depthMax = 6

const byTable = new Map<string, Resource>()
const resourceOfTable = (table: string): Resource | null => {
  if (byTable.size === 0) for (const resource of resources) byTable.set(shapeOf(resource).stored, resource)
  return byTable.get(quote(table)) ?? null
}

/**
 * The foreign keys that point at a table, from PostgreSQL's own catalogue. A row under the key of the one it goes with is part of that one; and what the
 * login may not read is the worker's own, which goes along untold.
 */
const keysTo = async (tx: Tx, table: string): Promise<ForeignKey[]> => {
  const { rows } = await tx.execute(sql`select f.relname as "from", k.confdeltype as "onDelete",
      (select json_agg(a.attname order by u.n) from unnest(k.conkey) with ordinality u (num, n) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num) as columns,
      (select json_agg(a.attname order by u.n) from unnest(k.confkey) with ordinality u (num, n) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num) as "targetColumns"
    from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and t.relname = ${table} and t.relnamespace = current_schema()::regnamespace
      and has_any_column_privilege(f.oid, 'select')
      and not (k.confdeltype = 'c' and exists (select from pg_constraint p where p.conrelid = k.conrelid and p.contype = 'p' and p.conkey = k.conkey))
    order by f.relname, k.conname`)
  return rows as unknown as ForeignKey[]
}

const nounOf = (table: string): readonly [string, string] => {
  const words = table.replaceAll('_', ' ')
  return [words.replace(/s$/, ''), words]
}

/** `c` in the condition is the table; by their names, since a login may not read every column. */
const rowsOf = (table: string, where: string) => (columns: readonly string[]) =>
  `select ${columns.map((name) => `c.${quote(name)}`).join(', ')} from ${quote(table)} c where ${where}`

interface Walk {
  tx: Tx
  actor: Actor
  missing: Set<string>
  /** Everything that goes along, for the history: resource and rows. */
  going: { resource: Resource; rows: Record<string, unknown>[] }[]
}

/** `parent` selects these columns of the rows of `table` that go; it is text without parameters but for ids that were checked to be uuids. */
const walk = async (state: Walk, table: string, parent: (columns: readonly string[]) => string, depth: number): Promise<DeleteNode[]> => {
  const nodes: DeleteNode[] = []
  for (const key of await keysTo(state.tx, table)) {
    const where = `(${key.columns.map((name) => `c.${quote(name)}`).join(', ')}) in (${parent(key.targetColumns)})`
    // Rows that go with their parent anyway are no children of it.
    const own = key.from === table ? ` and c.id not in (${parent(['id'])})` : ''
    const staying = rulesOf(resourceOfTable(table)?.name ?? '').stays?.[key.from]
    const except = `${own}${staying === undefined ? '' : ` and not (${staying})`}`
    const { rows } = await state.tx.execute<{ count: number }>(
      sql.raw(`select count(*)::int as count from ${quote(key.from)} c where ${where}${except}`),
    )
    const count = rows[0]?.count ?? 0
    if (count === 0) continue
    const resource = resourceOfTable(key.from)
    const action = key.onDelete === 'c' ? 'delete' : key.onDelete === 'n' || key.onDelete === 'd' ? 'detach' : 'block'
    const node: DeleteNode = {
      resource: resource?.name ?? null,
      noun: resource?.noun ?? nounOf(key.from),
      action,
      count,
      examples: [],
      children: [],
    }
    if (resource) node.examples = await look(state, resource, `${where}${except}`, action)
    if (action === 'delete' && depth < depthMax)
      node.children = await walk(state, key.from, rowsOf(key.from, `${where}${except}`), depth + 1)
    nodes.push(node)
  }
  return nodes
}

const historyMax = 1_000

const look = async (state: Walk, resource: Resource, where: string, action: DeleteNode['action']): Promise<DeleteNode['examples']> => {
  const { table, columns, environmentColumn, titleColumns } = shapeOf(resource)
  const { scope } = resource
  const ownerColumn = typeof scope === 'object' && 'owner' in scope ? scope.owner : null
  const wanted = [
    ...new Set(['id', ...titleColumns, ...(environmentColumn ? [environmentColumn] : []), ...(ownerColumn ? [ownerColumn] : [])]),
  ]
  const list = wanted.map((name) => `c.${columns[name]!.sql} as ${quote(name)}`).join(', ')
  const { rows } = await state.tx.execute(
    sql.raw(`select ${list} from ${table} c where ${where} order by c.${columns[titleColumns[0] ?? 'id']!.sql} limit ${historyMax}`),
  )
  const placeOf = (row: Record<string, unknown>) => ({
    environmentId: environmentColumn ? ((row[environmentColumn] as string | null) ?? null) : null,
    ownerId: ownerColumn ? ((row[ownerColumn] as string | null) ?? null) : null,
  })
  if (action === 'delete') {
    if (rows.some((row) => !mayOnRow(state.actor, resource, 'delete', placeOf(row)))) state.missing.add(`${resource.name}.delete`)
    state.going.push({ resource, rows })
  }
  return rows
    .filter((row) => mayOnRow(state.actor, resource, 'view', placeOf(row)))
    .slice(0, examplesMax)
    .map((row) => ({ id: row.id as string, title: resource.title(row) }))
}

const blockersOf = (nodes: readonly DeleteNode[]): string[] =>
  nodes.flatMap((node) => [
    ...(node.action === 'block'
      ? [
          `${node.count} ${node.noun[node.count === 1 ? 0 : 1]} still ${node.count === 1 ? 'needs' : 'need'} it. Delete or move ${node.count === 1 ? 'that' : 'those'} first.`,
        ]
      : []),
    ...blockersOf(node.children),
  ])

const treeOf = async (tx: Tx, actor: Actor, resource: Resource, id: string) => {
  const row = await lockRow(tx, actor, resource, id)
  const { scope } = resource
  const { environmentColumn } = shapeOf(resource)
  const environmentId = environmentColumn ? ((row[environmentColumn] as string | null) ?? null) : null
  const ownerId = typeof scope === 'object' && 'owner' in scope ? (row[scope.owner] as string | null) : null
  const state: Walk = { tx, actor, missing: new Set(), going: [] }
  if (!mayOnRow(actor, resource, 'delete', { environmentId, ownerId })) state.missing.add(`${resource.name}.delete`)
  const table = shapeOf(resource).stored.replaceAll('"', '')
  const children = await walk(state, table, rowsOf(table, `c.id = '${row.id as string}'`), 0)
  const blockers = [...((await rulesOf(resource.name).blockers?.(tx, id, actor)) ?? []), ...blockersOf(children)]
  const missing = [...state.missing].sort()
  const tree: DeleteTree = {
    id: row.id as string,
    title: resource.title(row),
    resource: resource.name,
    children,
    blockers,
    missing,
    canDelete: blockers.length === 0 && missing.length === 0 && resource.canDelete,
  }
  return { tree, row, environmentId, going: state.going }
}

/** What deleting would take along, what it would loosen and what forbids it, walked over the real foreign keys. Throws `record.missing`. */
export const previewDelete = async (actor: Actor, resource: Resource, id: string): Promise<DeleteTree> => {
  if (!resource.canDelete) throw new Fault('record.missing', { because: `You cannot delete ${withArticle(resource.noun[0])}.` })
  return inTransaction(async (tx) => (await treeOf(tx, actor, resource, id)).tree)
}

/** Deletes it with everything of the tree. Throws `record.missing`, `access.denied`, and `record.in-use` with `tree` when something forbids it. */
export const deleteRecord = async (actor: Actor, resource: Resource, id: string): Promise<void> => {
  if (!resource.canDelete) throw new Fault('access.denied', { because: `You cannot delete ${withArticle(resource.noun[0])}.` })
  const touched = new Set([resource.name])
  try {
    await inTransaction(async (tx) => {
      const { tree, row, environmentId, going } = await treeOf(tx, actor, resource, id)
      if (tree.missing.length > 0) throw new Fault('access.denied', { because: `Missing permission: ${tree.missing.join(', ')}.`, tree })
      if (tree.blockers.length > 0) throw new Fault('record.in-use', { because: tree.blockers.join(' '), tree })
      await tx.execute(sql`delete from ${resource.keptIn} where id = ${tree.id}`)
      await rulesOf(resource.name).afterwards?.(tx)
      const fields = Object.fromEntries(resource.form.map((name) => [name, [row[name] ?? null, null] as [(typeof row)[string], null]]))
      await writeChange(tx, actor, {
        resource: resource.name,
        objectId: tree.id,
        title: tree.title,
        act: 'delete',
        environmentId,
        fields: fields as never,
      })
      for (const { resource: other, rows } of going) {
        touched.add(other.name)
        const { environmentColumn } = shapeOf(other)
        for (const gone of rows)
          await writeChange(tx, actor, {
            resource: other.name,
            objectId: gone.id as string,
            title: other.title(gone),
            act: 'delete',
            environmentId: environmentColumn ? ((gone[environmentColumn] as string | null) ?? null) : null,
            fields: {},
          })
      }
      for (const name of touched) await notify(tx, 'records', name)
      const along = going.map(({ resource: other, rows }) => ({ resource: other.name, count: rows.length }))
      await writeAudit(tx, actor, {
        act: `${resource.name}.delete`,
        resource: resource.name,
        objectId: tree.id,
        title: tree.title,
        environmentId,
        detail: { along },
      })
    })
  } finally {
    for (const name of touched) forget(name)
  }
}
