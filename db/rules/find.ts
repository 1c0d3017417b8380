import type { RuleQuestion } from '@/lib/domain/rules/question'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { databaseFault, getPool } from '../pg/client'

export interface KnownRule extends RuleQuestion {
  id: string
  herdId: string
  environmentId: string
  name: string
  schedules: string
  zone: string
  revision: number
  shrinks: boolean
  /** Who saved it last. */
  personId: string | null
  /** By a second person, as it is. */
  isApproved: boolean
}

/** Whether a rule makes standbys smaller: it shrinks them, or takes back what grew them. `alias`: of its row. */
export const shrinks = (alias: string): string =>
  `(${alias}.action = 'down' or exists (select from sizing_rules o where o.id = ${alias}.reverse_of and o.action = 'up'))`

const columns = `id, herd_id as "herdId", environment_id as "environmentId", name, action, reverse_of as "reverseOf", type, member_types as "memberTypes",
  conditions, to_json(counted_clients) as "countedClients", to_json(ignored_clients) as "ignoredClients", schedules, zone, revision, person_id as "personId", coalesce(approved_revision = revision, false) as "isApproved", ${shrinks('sizing_rules')} as shrinks`

/** A rule that the actor may see. Throws `record.missing`, `database.down`. */
export const findRule = async (actor: Actor, id: string): Promise<KnownRule> => {
  try {
    const { rows } = uuidPattern.test(id)
      ? await getPool().query<KnownRule>(`select ${columns} from sizing_rules where id = $1`, [id])
      : { rows: [] }
    const [rule] = rows
    if (!rule || !mayIn(actor, 'sizing-rule.view', rule.environmentId)) throw new Fault('record.missing')
    return rule
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The rule that this one belongs to, and all that reverse it, the former first. */
export const familyOf = async (rule: KnownRule): Promise<KnownRule[]> => {
  try {
    const { rows } = await getPool().query<KnownRule>(
      `select ${columns} from sizing_rules where id = $1 or reverse_of = $1 order by reverse_of nulls first, id`,
      [rule.reverseOf ?? rule.id],
    )
    return rows
  } catch (error) {
    throw databaseFault(error)
  }
}
