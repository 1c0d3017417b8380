import { sql } from 'drizzle-orm'
import { parseWindow } from '@/lib/domain/values/maintenance-window'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { databaseFault, getPool, inTransaction, notify, type Tx } from '../pg/client'
import { writeAudit } from '../trail/audit'
import type { Rules, Values } from './rules'

/** How long another administrator may lower what the first one allowed to be lowered. */
const allowedFor = '1 hour'

const strength = ['open', 'confirm', 'two-person']
const listOf = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : [])

/** Fewer windows are more protection, except none: that is any time. */
const areWider = (after: string[], before: string[]): boolean =>
  before.length > 0 && (after.length === 0 || after.some((window) => !before.includes(window)))

/** No limit is the loosest one. */
const isLooser = (after: unknown, before: unknown): boolean => typeof before === 'number' && (typeof after !== 'number' || after > before)

/** Fields with which an environment would protect less than it does. */
const lowered = (after: Values, before: Values): string[] => [
  ...(strength.indexOf(String(after.protection)) < strength.indexOf(String(before.protection)) ? ['protection'] : []),
  ...(areWider(listOf(after.maintenanceWindows), listOf(before.maintenanceWindows)) ? ['maintenanceWindows'] : []),
  ...['parallelMax', 'stopAfterFailuresMax'].filter((name) => isLooser(after[name], before[name])),
  ...['allowsDrills', 'answersEvictions'].filter((name) => after[name] === true && before[name] === false),
]

/** What two persons have to agree on, one of them cannot make a matter for one. */
const mustBeTwo = async (tx: Tx, after: Values, before: Values, actor: Actor): Promise<FieldProblem[]> => {
  const fields = before.protection === 'two-person' ? lowered(after, before) : []
  if (fields.length === 0) return []
  const { rows } = await tx.execute(
    sql`update environments set lowering_allowed_by = null, lowering_allowed_until = null
      where id = ${after.id} and lowering_allowed_until > now() and lowering_allowed_by is distinct from ${actor.personId}::uuid returning id`,
  )
  if (rows.length > 0 && actor.personId !== null) return []
  return fields.map((path) => ({
    path,
    message: `${String(before.name)} requires two persons, and lowering what protects it does too: ask another administrator to allow it on the environment’s page, then save again within an hour.`,
  }))
}

export const environmentCheck: NonNullable<Rules['check']> = async (tx, after, before, actor) => {
  const problems = listOf(after.maintenanceWindows)
    .map(parseWindow)
    .filter((said) => typeof said === 'string')
    .map((message) => ({ path: 'maintenanceWindows', message }))
  return problems.length > 0 || before === null ? problems : mustBeTwo(tx, after, before, actor)
}

/**
 * Lets another administrator lower what protects a two-person environment, once within an hour; for one's own save it counts nothing. A token is nobody who
 * can be the second person. Throws `record.missing`, `access.denied`, `record.in-use` for an environment that one person may lower.
 */
export const allowLowering = (actor: Actor, id: string): Promise<void> =>
  inTransaction(async (tx) => {
    if (!uuidPattern.test(id)) throw new Fault('record.missing')
    const { rows } = await tx.execute<{ name: string; protection: string }>(
      sql`select name, protection from environments where id = ${id} for no key update`,
    )
    const environment = rows[0]
    if (!environment || !mayIn(actor, 'environment.view', id)) throw new Fault('record.missing')
    if (!mayIn(actor, 'environment.change', id)) throw new Fault('access.denied')
    if (actor.kind !== 'person' || actor.personId === null)
      throw new Fault('access.denied', { because: 'Only a person who is signed in can be the second person.' })
    if (environment.protection !== 'two-person')
      throw new Fault('record.in-use', { because: `${environment.name} does not require two persons: its administrators change it alone.` })
    await tx.execute(
      sql`update environments set lowering_allowed_by = ${actor.personId}, lowering_allowed_until = now() + ${allowedFor}::interval where id = ${id}`,
    )
    await notify(tx, 'records', 'environment')
    await writeAudit(tx, actor, {
      act: 'environment.allow-lowering',
      resource: 'environment',
      objectId: id,
      title: environment.name,
      environmentId: id,
    })
  })

/** Who lets another administrator lower the safeguards now; null: nobody. The caller has checked who sees the environment. */
export const readAllowance = async (id: string): Promise<{ by: string | null; until: string } | null> => {
  const { rows } = await getPool()
    .query<{ by: string | null; until: Date }>(
      `select p.user_name as by, e.lowering_allowed_until as until from environments e left join people p on p.id = e.lowering_allowed_by
        where e.id = $1 and e.lowering_allowed_until > now()`,
      [id],
    )
    .catch((error: unknown) => {
      throw databaseFault(error)
    })
  const [row] = rows
  return row ? { by: row.by, until: row.until.toISOString() } : null
}
