import type { RuleQuestion } from '@/lib/domain/rules/question'
import { databaseFault, getPool, notify, type Tx } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import type { DecidedMember, sizingDecisions } from '../schema'
import type { Claimed } from './due'
import { shrinks } from './find'

export type DecisionKind = (typeof sizingDecisions.$inferSelect)['kind']
export type DecisionState = (typeof sizingDecisions.$inferSelect)['state']

/** A decision that is to be made, with its rule as it is now. */
export interface OpenDecision extends Claimed, RuleQuestion {
  ruleId: string
  herdId: string
  environmentId: string
  title: string
  occurrence: Date
  attempt: number
  personId: string | null
  tokenId: string | null
  kind: DecisionKind
  zone: string
  shrinks: boolean
  startWithinMinutes: number
  /** When it began to be made. */
  createdAt: Date
  /** Who approved the rule as it is now; null: nobody. */
  approvedBy: string | null
  approvedByName: string | null
  fallbacks: string
  cutsClients: boolean
  leavesNoStandby: boolean
  actsInProtected: boolean
  isOutsideWindow: boolean
}

const postponedSeconds = 10

export interface Decided extends Claimed {
  state: Exclude<DecisionState, 'deciding'>
  because: string
  members: readonly DecidedMember[]
  actorName?: string
}

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Those of them that are still open; one whose rule was deleted meanwhile ends. */
export const readOpenDecisions = (claimed: readonly Claimed[]): Promise<OpenDecision[]> =>
  guarded(async () => {
    await getPool().query(
      `update sizing_decisions set state = 'failed', because = 'The rule was deleted.', decided_at = clock_timestamp(), claim = null, claimed_until = null
        where id = any($1) and rule_id is null and state = 'deciding'`,
      [claimed.map(({ id }) => id)],
    )
    const { rows } = await getPool().query<OpenDecision>(
      `select d.id, d.claim, d.rule_id as "ruleId", d.herd_id as "herdId", d.environment_id as "environmentId", d.title, d.occurrence, d.attempt, d.kind,
          d.person_id as "personId", d.token_id as "tokenId", d.created_at as "createdAt", r.zone, ${shrinks('r')} as shrinks,
          r.start_within_minutes as "startWithinMinutes", case when r.approved_revision = r.revision then r.approved_by end as "approvedBy",
          case when r.approved_revision = r.revision then r.approved_by_name end as "approvedByName", r.action, r.reverse_of as "reverseOf", r.type, r.member_types as "memberTypes", r.fallbacks,
          r.conditions, to_json(r.counted_clients) as "countedClients", to_json(r.ignored_clients) as "ignoredClients", r.cuts_clients as "cutsClients", r.leaves_no_standby as "leavesNoStandby", r.acts_in_protected as "actsInProtected",
          r.is_outside_window as "isOutsideWindow"
        from sizing_decisions d join sizing_rules r on r.id = d.rule_id
        where d.id = any($1) and d.claim = any($2) and d.state = 'deciding'`,
      [claimed.map(({ id }) => id), [...new Set(claimed.map(({ claim }) => claim))]],
    )
    return rows.map(asAsked)
  })

/** What a calendar asks of a rule is that its members get back what it took from them. */
const asAsked = (decision: OpenDecision): OpenDecision =>
  decision.kind === 'stay-big'
    ? {
        ...decision,
        action: 'return',
        reverseOf: decision.ruleId,
        type: null,
        memberTypes: [],
        conditions: '',
        fallbacks: '',
        shrinks: false,
      }
    : decision

/** Leaves decisions for later, to whichever worker comes first, with the reason; those that another worker has taken over stay as they are. */
export const postponeDecision = async (client: Queryable, { id, claim }: Claimed, because: string): Promise<void> => {
  await client.query(
    `update sizing_decisions set because = $3, claim = null, claimed_until = clock_timestamp() + interval '${postponedSeconds} seconds'
      where id = $1 and claim = $2 and state = 'deciding'`,
    [id, claim, because],
  )
}

/** Rules before decisions, as whoever deletes a rule does. */
const lockRules = async (client: Queryable, decisionIds: readonly string[]): Promise<void> => {
  await client.query(
    'select from sizing_rules where id in (select rule_id from sizing_decisions where id = any($1)) order by id for no key update',
    [decisionIds],
  )
}

/** Locks a decision and its rule for this transaction; false: another worker has taken it over, or it is made. */
export const lockDecision = async (client: Queryable, { id, claim }: Claimed): Promise<boolean> => {
  await lockRules(client, [id])
  const { rows } = await client.query(`select from sizing_decisions where id = $1 and claim = $2 and state = 'deciding' for update`, [
    id,
    claim,
  ])
  return rows.length > 0
}

/** Writes decisions down with what they were made by; those that another worker has taken over stay as they are. Plans further attempts where the rules ask for them. */
export const endDecisions = (decided: readonly Decided[], now: Date): Promise<void> =>
  guarded(() =>
    inPgTransaction(async (client, tx) => {
      await writeDecided(client, decided, now)
      await tellDecided(tx)
    }),
  )

export const tellDecided = async (tx: Tx): Promise<void> => {
  await notify(tx, 'records', 'sizing-decision')
  await notify(tx, 'records', 'sizing-rule')
}

/** Within a transaction of the caller's. */
export const writeDecided = async (client: Queryable, decided: readonly Decided[], now: Date): Promise<void> => {
  if (decided.length === 0) return
  await lockRules(
    client,
    decided.map(({ id }) => id),
  )
  const rows = decided.map(({ id, claim, state, because, members, actorName = '' }) => ({
    id,
    claim,
    state,
    because,
    members,
    actor_name: actorName,
    run_id: members.find(({ runId }) => runId !== null)?.runId ?? null,
  }))
  await client.query(
    `with ended as (
        update sizing_decisions d set state = e.state, because = e.because, members = e.members, run_id = e.run_id, decided_at = clock_timestamp(),
            actor_name = e.actor_name, claim = null, claimed_until = null
          from jsonb_to_recordset($1::jsonb) e(id uuid, claim uuid, state text, because text, members jsonb, actor_name text, run_id uuid)
          where d.id = e.id and d.claim = e.claim and d.state = 'deciding'
          returning d.rule_id, d.rule_revision, d.kind, d.state, d.because, d.decided_at, d.occurrence, d.attempt)
      update sizing_rules r set last_state = e.state, last_because = e.because, last_at = e.decided_at,
          next_at = case when a.is_again then a.again else r.next_at end,
          next_occurrence = case when a.is_again then e.occurrence else r.next_occurrence end,
          next_attempt = case when a.is_again then e.attempt + 1 else r.next_attempt end
        from ended e join sizing_rules o on o.id = e.rule_id,
          lateral (select $2::timestamptz + o.retry_minutes * interval '1 minute' as again) t,
          lateral (select t.again, coalesce(e.kind = 'scheduled' and e.state in ('not-met', 'unknown', 'refused', 'failed') and e.attempt <= o.retry_max
            and e.rule_revision = o.revision and t.again < o.next_at, false) as is_again) a
        where r.id = e.rule_id`,
    [JSON.stringify(rows), now],
  )
}
