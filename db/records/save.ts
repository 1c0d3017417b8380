import { eq, getTableColumns, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { withArticle } from '@/lib/domain/values/counted'
import { type Actor, isPersonal } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { canonicalJson, type Json } from '@/lib/kernel/ground/json'
import { idleFields, isApplicable, isGiven } from '@/lib/kernel/resource/condition'
import type { Resource } from '@/lib/kernel/resource/resource'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { forget } from '../pg/cached'
import { databaseError, inTransaction, notify, type Tx } from '../pg/client'
import { isSecretColumn, shapeOf } from '../pg/resource-table'
import { writeAudit } from '../trail/audit'
import { writeChange } from '../trail/changes'
import { mayOnRow, reachCovers, reachOf } from './reach'
import type { Values } from './rules'
import { conditionProblems, mustBeFine, parseRecord, unseenReferences } from './save-input'
import { rulesOf } from './save-rules'
import { sealSecrets, secretsAfter } from './sealing-key'

const columnsOf = (resource: Resource): Record<string, PgColumn> => getTableColumns(resource.keptIn) as Record<string, PgColumn>

/** What may be read back of a row: not its secrets, sealed or hashed, which the web process’s login cannot select. */
const readableOf = (resource: Resource): Record<string, PgColumn> =>
  Object.fromEntries(Object.entries(columnsOf(resource)).filter(([name, column]) => !isSecretColumn(resource, name, column)))

/** A row as Drizzle reads it, as plain JSON. */
export const plainRow = (row: Record<string, unknown>): Values =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : (value as Json)]))

const emptyOf = (column: PgColumn): unknown => (column.getSQLType().endsWith('[]') ? [] : column.default)

/** Stored values as Drizzle takes them; null becomes the column's default where the column takes no null. */
const toRow = (resource: Resource, values: Values): Record<string, unknown> => {
  const columns = columnsOf(resource)
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]): [string, unknown] => {
        const column = columns[name]!
        if (value === null) return [name, column.notNull ? emptyOf(column) : null]
        return [name, resource.fields[name]?.kind === 'moment' ? new Date(value as string) : value]
      })
      .filter(([, value]) => value !== undefined),
  )
}

/** PostgreSQL's refusal as something about fields. */
const saveFault = (resource: Resource, error: unknown): unknown => {
  const cause = databaseError(error)
  if (!cause) return error
  if (cause.code === '23505') {
    const shape = shapeOf(resource)
    const columns = (shape.uniques.get(cause.constraint ?? '') ?? []).filter((name) => name in resource.fields)
    const labels = columns.map((name) => resource.fields[name]!.label.toLowerCase())
    const shown = columns.filter((name) => resource.form.includes(name))
    const message = `Another ${resource.noun[0]} already has this ${labels.join(' and ') || 'value'}.`
    return new Fault(
      'record.duplicate',
      { because: message, fields: (shown.length > 0 ? shown : columns).map((path) => ({ path, message })) },
      { cause },
    )
  }
  if (cause.code === '23503')
    return new Fault('record.in-use', { because: 'Something it refers to, or that refers to it, changed meanwhile.' }, { cause })
  if (cause.code?.startsWith('22') || cause.code === '23514')
    return new Fault('input.invalid', { because: `PostgreSQL refused a value: ${cause.message}.` }, { cause })
  return error
}

const environmentAfter = async (tx: Tx, resource: Resource, values: Values): Promise<string | null> => {
  const derive = rulesOf(resource.name).environmentOf
  if (derive) return derive(tx, values)
  const column = shapeOf(resource).environmentColumn
  // An environment belongs to itself; one that is being added is nobody's yet.
  return column ? ((values[column] as string | null | undefined) ?? null) : null
}

const denied = (resource: Resource, act: string): Fault =>
  new Fault('access.denied', { because: `You do not have the permission ${resource.name}.${act} here.` })

const notByToken = (what: string): Fault =>
  new Fault('access.denied', { because: `Only a person who is signed in ${what}, never an API token.` })

/** Who may do this nowhere hears that, and nothing about what was sent. */
const mustReach = (actor: Actor, resource: Resource, act: 'add' | 'change'): void => {
  if (actor.kind === 'token' && isPersonal(`${resource.name}.${act}`)) throw notByToken(`${act}s ${resource.noun[1]}`)
  if (reachOf(actor, resource, act).kind === 'none') throw denied(resource, act)
}

const isNewSecret = (resource: Resource, name: string, values: Values): boolean =>
  resource.fields[name]?.kind === 'secret' && typeof values[name] === 'string'

/** The secret that is given with a record, by its field. */
const secretIn = (resource: Resource, values: Values): string | undefined =>
  Object.keys(values).find((name) => isNewSecret(resource, name, values))

/** A secret opens something outside the console: a leaked token must not put in its own. */
const mustKeepSecrets = (actor: Actor, resource: Resource, values: Values): void => {
  const secret = secretIn(resource, values)
  if (actor.kind === 'token' && secret) throw notByToken(`gives the ${resource.fields[secret]!.label.toLowerCase()}`)
}

const ownerOf = (resource: Resource, row: Values): string | null => {
  const { scope } = resource
  return typeof scope === 'object' && 'owner' in scope ? ((row[scope.owner] as string | null) ?? null) : null
}

const inSave = async <T>(resource: Resource, work: (tx: Tx) => Promise<T>): Promise<T> => {
  try {
    return await inTransaction(work)
  } catch (error) {
    throw saveFault(resource, error)
  } finally {
    forget(resource.name)
  }
}

/** Throws `access.denied`, `input.invalid`, `record.duplicate`. */
export const addRecord = async (actor: Actor, resource: Resource, input: unknown): Promise<{ id: string }> => {
  if (!resource.canAdd) throw new Fault('access.denied', { because: `You cannot add ${withArticle(resource.noun[0])} here.` })
  mustReach(actor, resource, 'add')
  const values = parseRecord(resource, input, false)
  mustKeepSecrets(actor, resource, values)
  mustBeFine(await unseenReferences(actor, resource, values))
  const columns = await sealSecrets(resource, values)
  return inSave(resource, async (tx) => {
    const environmentId = await environmentAfter(tx, resource, values)
    if (!mayOnRow(actor, resource, 'add', { environmentId })) throw denied(resource, 'add')
    const rules = rulesOf(resource.name)
    const after = { ...columns, ...secretsAfter(resource, columns) }
    const asked = await rules.check?.(tx, after, null, actor)
    mustBeFine([...conditionProblems(resource, after, idleFields(resource, after)), ...(asked ?? [])])
    const [inserted] = await tx
      .insert(resource.keptIn)
      .values(toRow(resource, { ...columns, ...rules.alongside?.(values, null, actor) }) as never)
      .returning(readableOf(resource))
    const row = plainRow(inserted as Record<string, unknown>)
    const id = row.id as string
    const title = resource.title(row)
    const fields = Object.fromEntries(
      resource.form
        .filter((name) => isGiven(row[name]) && isApplicable(resource.fields, name, row))
        .map((name) => [name, [null, row[name] ?? null] as [Json, Json]]),
    )
    const place = environmentId ?? environmentOf(resource, row)
    await writeChange(tx, actor, { resource: resource.name, objectId: id, title, act: 'add', environmentId: place, fields })
    await notify(tx, 'records', resource.name)
    await writeAudit(tx, actor, {
      act: `${resource.name}.add`,
      resource: resource.name,
      objectId: id,
      title,
      environmentId: place,
      givesSecret: secretIn(resource, values) !== undefined,
    })
    return { id }
  })
}

const isEmpty = (value: Json | undefined): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
const environmentOf = (resource: Resource, row: Values): string | null => {
  const column = shapeOf(resource).environmentColumn
  return column ? ((row[column] as string | null) ?? null) : null
}

/** Locks and reads a row that the actor may see. Throws `record.missing`. */
export const lockRow = async (tx: Tx, actor: Actor, resource: Resource, id: string): Promise<Values> => {
  const missing = new Fault('record.missing', { because: `There is no ${resource.noun[0]} with this id, or you may not see it.` })
  if (!uuidPattern.test(id)) throw missing
  const columns = columnsOf(resource)
  const [found] = await tx.select(readableOf(resource)).from(resource.keptIn).where(eq(columns.id!, id)).for('update')
  const row = found as Record<string, unknown> | undefined
  if (!row || !reachCovers(resource, reachOf(actor, resource), row)) throw missing
  return plainRow(row)
}

/** Where a field is written: a secret not into its own column. */
const columnOf = (resource: Resource, name: string): string => {
  const spec = resource.fields[name]
  return spec?.kind === 'secret' ? spec.sealedIn : name
}

/** The form's fields that differ, before and after. */
const differences = (resource: Resource, before: Values, after: Values): Record<string, [Json, Json]> => {
  const fields: Record<string, [Json, Json]> = {}
  for (const name of resource.form) {
    const [was, is] = [before[name] ?? null, after[name] ?? null]
    if (!(isEmpty(was) && isEmpty(is)) && canonicalJson(was) !== canonicalJson(is)) fields[name] = [was, is]
  }
  return fields
}

/**
 * Changes the fields that are given and leaves the others. `revision` is the one the form was opened on: when somebody saved meanwhile, nothing is
 * written and `record.conflict` carries `current` (the fields as they are now), `revision`, `changes` (field → [as it is now, as was sent]), `by` and `at`.
 * Also throws `record.missing`, `access.denied`, `input.invalid`, `record.duplicate`. Saving what is already so writes nothing.
 */
export const changeRecord = async (actor: Actor, resource: Resource, id: string, input: unknown, revision: number): Promise<void> => {
  if (resource.form.length === 0) throw new Fault('access.denied', { because: `You cannot change ${withArticle(resource.noun[0])} here.` })
  mustReach(actor, resource, 'change')
  const values = parseRecord(resource, input, true)
  mustKeepSecrets(actor, resource, values)
  const unseen = await unseenReferences(actor, resource, values)
  const given = await sealSecrets(resource, values)
  await inSave(resource, async (tx) => {
    const before = await lockRow(tx, actor, resource, id)
    const ownerId = ownerOf(resource, before)
    if (!mayOnRow(actor, resource, 'change', { environmentId: environmentOf(resource, before), ownerId })) throw denied(resource, 'change')
    const afterOf = (columns: Values): Values => ({ ...before, ...plainRow(toRow(resource, columns)), ...secretsAfter(resource, columns) })
    const sent = afterOf(given)
    const idle = idleFields(resource, sent)
    const sealed = { ...given, ...Object.fromEntries(idle.map((name) => [columnOf(resource, name), null])) }
    const after = afterOf(sealed)
    const fields = differences(resource, before, after)
    for (const name of Object.keys(values))
      if (isNewSecret(resource, name, values) && before[name] === true) fields[name] = [true, 'replaced']
    if (before.revision !== revision) throw await conflict(tx, resource, before, fields)
    if (Object.keys(fields).length === 0) return

    const changed = Object.fromEntries(
      Object.keys(fields).map((name) => [columnOf(resource, name), sealed[columnOf(resource, name)] ?? null]),
    )
    mustBeFine(unseen.filter(({ path }) => path in fields))
    const environmentId = await environmentAfter(tx, resource, after)
    if (!mayOnRow(actor, resource, 'change', { environmentId, ownerId })) throw denied(resource, 'change')
    const rules = rulesOf(resource.name)
    const asked = await rules.check?.(tx, after, before, actor)
    const unasked = idle.filter((name) => isNewSecret(resource, name, values) || canonicalJson(sent[name]) !== canonicalJson(before[name]))
    mustBeFine([...conditionProblems(resource, after, unasked), ...(asked ?? [])])
    const columns = columnsOf(resource)
    await tx
      .update(resource.keptIn)
      .set({
        ...toRow(resource, { ...changed, ...rules.alongside?.(after, before, actor) }),
        changedAt: sql`now()`,
        revision: sql`${columns.revision} + 1`,
      } as never)
      .where(eq(columns.id!, id))
    await rules.afterwards?.(tx)
    const title = resource.title(after)
    await writeChange(tx, actor, { resource: resource.name, objectId: id, title, act: 'change', environmentId, fields })
    await notify(tx, 'records', resource.name)
    await writeAudit(tx, actor, {
      act: `${resource.name}.change`,
      resource: resource.name,
      objectId: id,
      title,
      environmentId,
      detail: { fields: Object.keys(fields) },
      givesSecret: secretIn(resource, values) !== undefined,
    })
  })
}

const conflict = async (tx: Tx, resource: Resource, row: Values, fields: Record<string, [Json, Json]>): Promise<Fault> => {
  const last = await tx.execute<{ actor_name: string; at: Date }>(
    sql`select actor_name, at from changes where resource = ${resource.name} and object_id = ${row.id} order by at desc limit 1`,
  )
  const { actor_name: by = null, at = null } = last.rows[0] ?? {}
  return new Fault('record.conflict', {
    because: by ? `${by} changed this meanwhile. Nothing was saved; compare and save again.` : undefined,
    current: Object.fromEntries(resource.form.map((name) => [name, row[name] ?? null])),
    revision: Number(row.revision),
    changes: fields,
    by,
    at: at === null ? null : new Date(at).toISOString(),
  })
}
