import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { readCalendars, staysBigAt } from './calendars'
import { type Claimed, insertDecisions, type Written } from './due'
import { shrinks } from './find'
import { readEarlierTypes, readRuleMembers } from './members'

/** A return that did not come about, or was undone by somebody, is tried again after this long, while the calendar's day lasts. */
const againMinutes = 15

interface ShrinkingRule {
  id: string
  herd_id: string
  environment_id: string
  name: string
  revision: number
  person_id: string | null
  token_id: string | null
}

/**
 * Where a calendar keeps standbys large, now or soon: writes a decision down for each rule that has made some smaller, for this caller to make. However many
 * workers do so at once, each is given to one of them. Throws `database.down`.
 */
export const claimStayBig = async (now: Date): Promise<Claimed[]> => {
  const calendars = (await readCalendars(null)).filter(({ staysBig }) => staysBig)
  if (calendars.length === 0) return []
  try {
    const { rows } = await getPool().query<ShrinkingRule>(
      `select r.id, r.herd_id, r.environment_id, r.name, r.revision, r.person_id, r.token_id from sizing_rules r
        where ${shrinks('r')} and not (r.is_paused and (r.paused_until is null or r.paused_until > $1))`,
      [now],
    )
    const wanted = rows.flatMap((rule) => {
      const from = staysBigAt(calendars, { shrinks: true, environmentId: rule.environment_id, herdId: rule.herd_id }, now)
      return from === null ? [] : [{ rule, from }]
    })
    const small = await smallOf(wanted.map(({ rule }) => rule))
    const asked = wanted.filter(({ rule }) => small.has(rule.id))
    if (asked.length === 0) return []
    return await inPgTransaction(async (client) => {
      const { rows: last } = await client.query<{ rule_id: string; occurrence: Date; attempt: number; is_over: boolean }>(
        `select distinct on (rule_id, occurrence) rule_id, occurrence, attempt, coalesce(decided_at < $2::timestamptz - interval '${againMinutes} minutes', false)
            and not exists (select from jobs j where j.run_id = d.run_id and j.state in ('waiting', 'running', 'attention')) as is_over
          from sizing_decisions d where rule_id = any($1) and kind = 'stay-big' and occurrence > $2::timestamptz - interval '2 days'
          order by rule_id, occurrence, attempt desc`,
        [asked.map(({ rule }) => rule.id), now],
      )
      const written = asked.flatMap(({ rule, from }): Written[] => {
        const before = last.find(({ rule_id, occurrence }) => rule_id === rule.id && occurrence.getTime() === from.getTime())
        if (before && !before.is_over) return []
        return [
          { rule, kind: 'stay-big', occurrence: from, attempt: (before?.attempt ?? 0) + 1, missed: 0, state: 'deciding', because: '' },
        ]
      })
      return insertDecisions(client, written)
    })
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Rules with a member that has the type they gave it, and had another one before. */
const smallOf = async (rules: readonly ShrinkingRule[]): Promise<Set<string>> => {
  const [members, earlier] = await Promise.all([
    readRuleMembers([...new Set(rules.map(({ herd_id }) => herd_id))]),
    readEarlierTypes(rules.map(({ id }) => id)),
  ])
  const typeOf = new Map([...members.values()].flat().map(({ id, type }) => [id, type]))
  return new Set(
    earlier
      .filter(({ memberId, from, became }) => {
        const type = typeOf.get(memberId) ?? null
        return type !== null && type !== from && became.includes(type)
      })
      .map(({ ruleId }) => ruleId),
  )
}
