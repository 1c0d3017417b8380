import { sql } from 'drizzle-orm'
import { parseCalendar } from '@/lib/domain/rules/calendar'
import { parseConditions } from '@/lib/domain/rules/condition-text'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { isZone } from '@/lib/domain/values/maintenance-window'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { isGiven } from '@/lib/kernel/resource/condition'
import { resize } from '@/lib/operations/resize'
import { resizeInput } from '@/lib/operations/resize/input'
import type { Tx } from '../pg/client'
import type { Rules, Values } from './rules'

const problem = (path: string, found: unknown): FieldProblem[] => (typeof found === 'string' ? [{ path, message: found }] : [])

const zoneProblems = ({ zone }: Values): FieldProblem[] =>
  !isGiven(zone) || isZone(String(zone))
    ? []
    : [{ path: 'zone', message: `There is no time zone ${String(zone)}. Write one such as Europe/Berlin or UTC.` }]

const textOf = (value: unknown): string => (isGiven(value) ? String(value) : '')

const typeProblems = ({ type, fallbacks }: Values): FieldProblem[] => {
  const read = resizeInput.safeParse({ type: isGiven(type) ? type : 'm5.large', fallbacks: textOf(fallbacks) })
  return read.success ? [] : read.error.issues.map(({ path, message }) => ({ path: String(path[0]), message }))
}

const reversedProblems = async (tx: Tx, after: Values): Promise<FieldProblem[]> => {
  if (after.action !== 'return' || !isGiven(after.reverseOf)) return []
  const { rows } = await tx.execute<{ herd_id: string; action: string }>(
    sql`select herd_id, action from sizing_rules where id = ${after.reverseOf}`,
  )
  const reversed = rows[0]
  if (reversed?.herd_id !== after.herdId) return [{ path: 'reverseOf', message: 'Choose a rule of the same herd.' }]
  return reversed?.action === 'return' ? [{ path: 'reverseOf', message: 'Choose a rule that shrinks or grows.' }] : []
}

const environmentOfHerd = async (tx: Tx, { herdId }: Values): Promise<string | null> =>
  (await tx.execute<{ id: string }>(sql`select environment_id as id from herds where id = ${herdId}`)).rows[0]?.id ?? null

/** Of what applies to an environment, or to one herd of it. */
async function placeProblems(tx: Tx, after: Values): Promise<FieldProblem[]> {
  if (!isGiven(after.herdId) || (await environmentOfHerd(tx, after)) === (after.environmentId ?? null)) return []
  return [{ path: 'herdId', message: 'Choose the environment of this herd, and then the herd.' }]
}

/** What it does when nobody watches is asked of who saves it, like a run. */
const mustMayResize: NonNullable<Rules['check']> = async (tx, after, _before, actor) => {
  const environmentId = await environmentOfHerd(tx, after)
  const permission = runPermission(resize)
  if (!mayIn(actor, permission, environmentId))
    throw new Fault('access.denied', { because: `A sizing rule needs the permission ${permission.name} in the environment of its herd.` })
  return after.isOutsideWindow === true && !mayIn(actor, 'run.outside-window', environmentId)
    ? [{ path: 'isOutsideWindow', message: 'You do not have the permission run.outside-window in the environment of its herd.' }]
    : []
}

export const sizingRuleRules: Rules = {
  environmentOf: environmentOfHerd,
  check: async (tx, after, before, actor) => [
    ...(await mustMayResize(tx, after, before, actor)),
    ...(isGiven(after.schedules) ? problem('schedules', parseSchedules(String(after.schedules))) : []),
    ...zoneProblems(after),
    ...problem('conditions', parseConditions(textOf(after.conditions))),
    ...typeProblems(after),
    ...(await reversedProblems(tx, after)),
    ...(before !== null && isGiven(after.reverseOf) && after.reverseOf === before.id
      ? [{ path: 'reverseOf', message: 'A rule does not reverse itself.' }]
      : []),
  ],
  // It acts as who saved it, and a worker works out anew when it is due.
  alongside: (_after, _before, actor): Values => ({
    personId: actor.personId,
    tokenId: actor.tokenId ?? null,
    nextAt: null,
    nextOccurrence: null,
    nextAttempt: 1,
  }),
}

export const calendarRules: Rules = {
  check: async (tx, after) => [
    ...(isGiven(after.dates) ? problem('dates', parseCalendar(String(after.dates))) : []),
    ...zoneProblems(after),
    ...(after.holdsDown === false && after.holdsUp !== true && after.staysBig !== true
      ? [{ path: 'holdsDown', message: 'Choose which rules rest.' }]
      : []),
    ...(await placeProblems(tx, after)),
  ],
}

export const hookRules: Rules = { check: placeProblems }
