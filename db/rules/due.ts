import { delayOf, dueOf } from '@/lib/domain/rules/due'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction, type Queryable } from '../pg/transaction'
import type { sizingDecisions } from '../schema'

/** A decision that its caller makes from now on, for as long as a claim holds. */
export interface Claimed {
  id: string
  claim: string
}

/** A worker that dies with a decision leaves it to another one after this long. */
const claimMs = 90_000
const dayMs = 86_400_000

interface DueRow {
  id: string
  herd_id: string
  environment_id: string
  name: string
  revision: number
  schedules: string
  zone: string
  jitter_seconds: number
  missed_runs: 'skip' | 'run'
  start_within_minutes: number
  person_id: string | null
  token_id: string | null
  next_at: Date | null
  next_occurrence: Date | null
  next_attempt: number
  is_resting: boolean
}

const columns = `id, herd_id, environment_id, name, revision, schedules, zone, jitter_seconds, missed_runs, start_within_minutes, person_id, token_id,
  next_at, next_occurrence, next_attempt, is_paused and (paused_until is null or paused_until > $1) as is_resting`

const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What is due is decided by the clock of this database. */
export const databaseNow = (): Promise<Date> =>
  guarded(async () => (await getPool().query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now)

interface Next {
  id: string
  next_at: Date
  next_occurrence: Date
}

export interface Written {
  rule: Pick<DueRow, 'id' | 'herd_id' | 'environment_id' | 'name' | 'revision' | 'person_id' | 'token_id'>
  kind: (typeof sizingDecisions.$inferSelect)['kind']
  occurrence: Date
  attempt: number
  missed: number
  state: 'deciding' | 'missed'
  because: string
}

/**
 * Takes rules whose time has come at `now`, and writes their decisions down, each for this caller to make; one that comes too late is missed, as its rule says.
 * Works out when rules that are new or were changed are due. However many workers do so at once, each time of a rule is given to one of them: the decision's
 * row is its lock. Answers nothing when nothing is due. Throws `database.down`.
 */
export const claimDue = (now: Date, limit = 200): Promise<Claimed[]> =>
  guarded(() =>
    inPgTransaction(async (client) => {
      const { rows } = await client.query<DueRow>(
        `select ${columns} from sizing_rules where next_at is null or next_at <= $1 order by next_at nulls first limit $2 for update skip locked`,
        [now, limit],
      )
      if (rows.length === 0) return []
      const nexts: Next[] = []
      const written: Written[] = []
      for (const rule of rows) {
        const { next, decision } = stepOf(rule, now)
        nexts.push(next)
        if (decision) written.push(decision)
      }
      await client.query(
        `update sizing_rules r set next_at = n.next_at, next_occurrence = n.next_occurrence, next_attempt = 1
          from jsonb_to_recordset($1::jsonb) n(id uuid, next_at timestamptz, next_occurrence timestamptz) where r.id = n.id`,
        [JSON.stringify(nexts)],
      )
      return insertDecisions(client, written)
    }),
  )

const stepOf = (rule: DueRow, now: Date): { next: Next; decision: Written | null } => {
  const schedules = parseSchedules(rule.schedules)
  const tomorrow = new Date(now.getTime() + dayMs)
  // It was checked when it was saved; a later version of the console may read it otherwise.
  if (typeof schedules === 'string') return { next: nextOf(rule, tomorrow, 0), decision: null }
  const delayMs = delayOf(rule.id, rule.jitter_seconds)
  const times = { schedules, zone: rule.zone, delayMs }
  if (rule.next_at === null || rule.next_occurrence === null) {
    const { next } = dueOf(times, new Date(now.getTime() - delayMs + 1), now)
    return { next: nextOf(rule, next ?? tomorrow, delayMs), decision: null }
  }
  const isRetry = rule.next_attempt > 1
  const from = isRetry ? new Date(rule.next_occurrence.getTime() + 1) : rule.next_occurrence
  const { occurrence, missed, next } = dueOf(times, from, now)
  const upcoming = nextOf(rule, next ?? tomorrow, delayMs)
  if (rule.is_resting) return { next: upcoming, decision: null }
  if (isRetry && occurrence === null)
    return { next: upcoming, decision: decisionOf(rule, rule.next_occurrence, rule.next_attempt, 0, now, rule.next_at) }
  if (occurrence === null) return { next: upcoming, decision: null }
  return { next: upcoming, decision: decisionOf(rule, occurrence, 1, missed, now, new Date(occurrence.getTime() + delayMs)) }
}

const nextOf = ({ id }: DueRow, occurrence: Date, delayMs: number): Next => ({
  id,
  next_at: new Date(occurrence.getTime() + delayMs),
  next_occurrence: occurrence,
})

const decisionOf = (rule: DueRow, occurrence: Date, attempt: number, missed: number, now: Date, at: Date): Written => {
  const isLate = now.getTime() > at.getTime() + rule.start_within_minutes * 60_000
  const before = missed === 0 ? '' : ` So it was with ${missed === 1 ? 'one' : missed} before it.`
  const isMissed = isLate && rule.missed_runs === 'skip'
  return {
    rule,
    kind: 'scheduled',
    occurrence,
    attempt,
    missed,
    state: isMissed ? 'missed' : 'deciding',
    because: isMissed ? `No worker was available within ${rule.start_within_minutes} min.${before}` : '',
  }
}

/** Those of them that nobody has written down yet, as claims of this caller’s. */
export const insertDecisions = async (client: Queryable, written: readonly Written[]): Promise<Claimed[]> => {
  if (written.length === 0) return []
  const claim = crypto.randomUUID()
  const { rows } = await client.query<{ id: string; rule_id: string; state: string }>(
    `insert into sizing_decisions (rule_id, herd_id, environment_id, title, kind, occurrence, attempt, missed, state, because, rule_revision, person_id, token_id, claim, claimed_until, decided_at)
      select d.rule_id, d.herd_id, d.environment_id, d.title, d.kind, d.occurrence, d.attempt, d.missed, d.state, d.because, d.rule_revision, d.person_id, d.token_id,
        $2, clock_timestamp() + $3 * interval '1 millisecond', case when d.state = 'missed' then clock_timestamp() end
      from jsonb_to_recordset($1::jsonb) d(rule_id uuid, herd_id uuid, environment_id uuid, title text, kind text, occurrence timestamptz, attempt int, missed int,
        state text, because text, rule_revision int, person_id uuid, token_id uuid)
      on conflict (rule_id, kind, occurrence, attempt) do nothing returning id, rule_id, state`,
    [
      JSON.stringify(
        written.map(({ rule, ...decision }) => ({
          ...decision,
          rule_id: rule.id,
          herd_id: rule.herd_id,
          environment_id: rule.environment_id,
          title: rule.name,
          rule_revision: rule.revision,
          person_id: rule.person_id,
          token_id: rule.token_id,
        })),
      ),
      claim,
      claimMs,
    ],
  )
  await noteMissed(client, rows)
  return rows.filter(({ state }) => state === 'deciding').map(({ id }) => ({ id, claim }))
}

const noteMissed = async (client: Queryable, rows: readonly { id: string; state: string }[]): Promise<void> => {
  const missed = rows.filter(({ state }) => state === 'missed').map(({ id }) => id)
  if (missed.length === 0) return
  await client.query(
    `update sizing_rules r set last_state = d.state, last_because = d.because, last_at = d.decided_at from sizing_decisions d
      where d.id = any($1) and r.id = d.rule_id`,
    [missed],
  )
}

/** Decisions that somebody asked for by hand, or whose worker died: they are this caller's now. */
export const takeOpenDecisions = (limit = 200): Promise<Claimed[]> =>
  guarded(async () => {
    const claim = crypto.randomUUID()
    const { rows } = await getPool().query<{ id: string }>(
      `update sizing_decisions set claim = $1, claimed_until = clock_timestamp() + $2 * interval '1 millisecond' where id in (
          select id from sizing_decisions where state = 'deciding' and claimed_until < clock_timestamp() order by claimed_until limit $3 for update skip locked)
        returning id`,
      [claim, claimMs, limit],
    )
    return rows.map(({ id }) => ({ id, claim }))
  })

/** Holds a claim for longer; false: another worker has taken it over, or the decision is made. */
export const keepClaim = ({ id, claim }: Claimed): Promise<boolean> =>
  guarded(async () => {
    const { rowCount } = await getPool().query(
      `update sizing_decisions set claimed_until = clock_timestamp() + $3 * interval '1 millisecond' where id = $1 and claim = $2 and state = 'deciding'`,
      [id, claim, claimMs],
    )
    return rowCount === 1
  })
