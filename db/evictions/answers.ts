import type { AnswerState } from '@/lib/domain/evictions/recovery'
import { openRunStates, type RunState } from '@/lib/kernel/ground/journal'
import { databaseFault, getPool } from '../pg/client'
import type { Queryable } from '../pg/transaction'

/** What is done for one herd that loses machines, for its caller to decide while the claim holds. */
export interface ClaimedAnswer {
  herdId: string
  claim: string
  state: AnswerState
  runId: string | null
  runState: RunState | null
  runOperation: string | null
  leaving: string | null
  replacing: string | null
  gone: readonly string[]
  replaced: readonly string[]
  failures: number
}

/** A worker that dies while it decides leaves it to another one after this long: a plan takes some seconds, a notice lasts 120. */
const claimSeconds = 25
const atOnce = 8

/** Machines that AWS takes or took, and of which something may still come. */
const open = `kind = 'interruption' and withdrawn_at is null and closed_at is null`

const losing = `select distinct i.herd_id from evictions e join instances i on i.server_id = e.server_id where ${open}`
/** A statement of its own: what it adds is seen by the next one alone. */
const addText = `insert into eviction_answers (herd_id) ${losing} on conflict do nothing`
const claimText = `with due as (
    select a.herd_id from eviction_answers a join (${losing}) l on l.herd_id = a.herd_id
      where a.next_at <= clock_timestamp() and (a.claimed_until is null or a.claimed_until < clock_timestamp())
      order by a.next_at limit ${atOnce} for update of a skip locked
  ), taken as (
    update eviction_answers a set claim = $1, claimed_until = clock_timestamp() + interval '${claimSeconds} seconds' from due where due.herd_id = a.herd_id
      returning a.herd_id, a.state, a.run_id, a.leaving, a.replacing, a.gone, a.replaced, a.failures
  )
  select t.herd_id as "herdId", t.state, t.run_id as "runId", r.state as "runState", r.operation as "runOperation", t.leaving, t.replacing, t.gone, t.replaced, t.failures from taken t left join runs r on r.id = t.run_id`

/** Herds that lose machines and whose turn it is, for the caller to decide. Throws `database.down`. */
export const claimAnswers = async (): Promise<ClaimedAnswer[]> => {
  try {
    // One index says that there is nothing, which is nearly always.
    const { rows } = await getPool().query<{ any: boolean }>({
      name: 'evictions-open',
      text: `select exists (select from evictions where ${open}) as any`,
    })
    if (!rows[0]!.any) return []
    await getPool().query({ name: 'evictions-add', text: addText })
    const claim = crypto.randomUUID()
    const taken = await getPool().query<Omit<ClaimedAnswer, 'claim'>>({ name: 'evictions-claim', text: claimText, values: [claim] })
    return taken.rows.map((row) => ({ ...row, claim }))
  } catch (error) {
    throw databaseFault(error)
  }
}

export interface Answered extends Omit<ClaimedAnswer, 'herdId' | 'claim' | 'runState' | 'runOperation'> {
  because: string
  /** Until it is asked again. */
  againMs: number
}

/** Writes down what was decided, and gives the claim back; false: another worker has taken it over, and nothing was written. */
export const keepAnswer = async (client: Queryable, { herdId, claim }: ClaimedAnswer, answered: Answered): Promise<boolean> => {
  const { state, because, runId, leaving, replacing, gone, replaced, failures, againMs } = answered
  const { rows } = await client.query<{ is_news: boolean }>(
    `update eviction_answers a set state = $3, because = $4, run_id = $5, leaving = $6, gone = $7, failures = $8, replacing = $10, replaced = $11, claim = null, claimed_until = null,
        next_at = clock_timestamp() + $9 * interval '1 millisecond',
        changed_at = case when (o.state, o.because, o.run_id) is distinct from ($3::text, $4::text, $5::uuid) then clock_timestamp() else a.changed_at end
      from (select state, because, run_id from eviction_answers where herd_id = $1) o
      where a.herd_id = $1 and a.claim = $2 returning (o.state, o.because, o.run_id) is distinct from ($3::text, $4::text, $5::uuid) as is_news`,
    [herdId, claim, state, because, runId, leaving, gone, failures, againMs, replacing, replaced],
  )
  if (rows[0]?.is_news) await client.query(`select pg_notify('records', 'herd')`)
  return rows.length > 0
}

/** The run that a herd's answer was turned into, in the transaction that keeps the answer. */
export const nameRun = async (client: Queryable, herdId: string, runId: string): Promise<void> => {
  await client.query('update eviction_answers set run_id = $2 where herd_id = $1', [herdId, runId])
}

/** Why a herd cannot be acted on now: somebody holds its lock, or an open job has it reserved; null: it is free. Throws `database.down`. */
export const heldByOthers = async (herdId: string): Promise<string | null> => {
  try {
    const { rows } = await getPool().query<{ said: string }>({
      name: 'evictions-held',
      text: `select reason || ', by ' || holder as said from leases where name = $1 and expires_at > clock_timestamp()
        union all
        select j.operation || ' of ' || j.title || ' (' || r.actor_name || ')' from jobs j join runs r on r.id = j.run_id
          where j.state in ('running', 'attention') and $1 = any(j.locks) limit 1`,
      values: [`herd:${herdId}`],
    })
    return rows[0]?.said ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}

const closeText = `with closed as (
    update evictions e set closed_at = clock_timestamp() where e.withdrawn_at is null and e.closed_at is null and (
      coalesce(e.gone_at, e.due_at, e.heard_at) < clock_timestamp() - interval '6 hours'
      or e.kind = 'rebalance' and e.gone_at is not null
      or e.kind = 'interruption' and coalesce(e.gone_at, e.due_at + interval '1 hour') < clock_timestamp() - interval '2 minutes' and not exists (
        select from instances i join eviction_answers a on a.herd_id = i.herd_id where i.server_id = e.server_id and a.state <> 'safe'))
      returning 1
  )
  delete from eviction_answers a where (a.claimed_until is null or a.claimed_until < clock_timestamp())
    and not exists (select from evictions e join instances i on i.server_id = e.server_id
      where i.herd_id = a.herd_id and (e.withdrawn_at is null and e.closed_at is null or greatest(e.withdrawn_at, e.closed_at) > clock_timestamp() - interval '5 minutes'))
    and not exists (select from runs r where r.id = a.run_id and r.state = any($1))`

/** Ends what nothing more comes of. Throws `database.down`. */
export const closeEvictions = async (): Promise<void> => {
  try {
    await getPool().query({ name: 'evictions-close', text: closeText, values: [openRunStates] })
  } catch (error) {
    throw databaseFault(error)
  }
}
