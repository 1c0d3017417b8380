import type { StackFinding, StackFound } from '@/lib/domain/stack/findings'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { databaseFault, getPool } from '../pg/client'

const everyHours = 6

/** Of a stack `s`: a job works on it. */
const isBusy = `exists (select from jobs j where j.target_id = s.id and j.state in ('waiting', 'running', 'attention'))`
/** Of a stack `s` and its look `l`. */
const isDue = `(l.tried_at is null or l.tried_at < now() - interval '${everyHours} hours'
  or exists (select from jobs j where j.target_id = s.id and j.finished_at > l.tried_at))`

const dueSql = `
select s.id, now()::text as at from stacks s join environments e on e.id = s.environment_id left join stack_looks l on l.stack_id = s.id
where s.built_at is not null and e.looks_for_drift and not ${isBusy} and ${isDue}
order by l.tried_at nulls first, s.id limit 1`

/** The built cluster that has waited longest for a look, and the time of the database; null: none is due. Throws `database.down`. */
export const dueStack = async (): Promise<{ id: string; at: string } | null> => {
  try {
    return (await getPool().query<{ id: string; at: string }>(dueSql)).rows[0] ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}

/** $1 stack, $2 findings, $3 why not all was seen, $4 when the look began. What is found again keeps its time. */
const keepSql = `
with kept as (
  insert into stack_looks (stack_id, tried_at, seen_at, because, findings, since)
  select s.id, now(), case when $3::text is null then now() end, $3, $2::jsonb, case when $2::jsonb <> '[]' then now() end from stacks s
  where s.id = $1 and not ${isBusy} and not exists (select from jobs j where j.target_id = s.id and j.finished_at >= $4::timestamptz)
  on conflict (stack_id) do update set tried_at = excluded.tried_at, seen_at = coalesce(excluded.seen_at, stack_looks.seen_at), because = excluded.because,
    findings = case when excluded.because is null then excluded.findings else stack_looks.findings end,
    since = case when excluded.because is not null then stack_looks.since when excluded.findings <> '[]' then coalesce(stack_looks.since, excluded.since) end
  returning stack_id)
select pg_notify('records', 'stack') from kept`

/**
 * Keeps what a look that began at `at` found. One that did not see everything takes nothing away, and one during which a job worked on the cluster counts
 * for nothing. Throws `database.down`.
 */
export const keepStackLook = async (stackId: string, at: string, { findings, because }: StackFound): Promise<void> => {
  try {
    await getPool().query(keepSql, [stackId, JSON.stringify(findings), because, at])
  } catch (error) {
    throw databaseFault(error)
  }
}

export interface StackLookKept {
  /** ISO times of the last look, whatever it saw, and of the last that saw everything. */
  triedAt: string
  seenAt: string | null
  because: string | null
  findings: StackFinding[]
}

export interface StackLooked {
  /** null: there was none yet, or the actor may not see the cluster. */
  look: StackLookKept | null
  /** Its environment wants it looked at. */
  isOn: boolean
  /** Of the herd that it was registered as; null: there is none by its name, or the actor may not see it. */
  herdId: string | null
}

export const stackLookOf = async (actor: Actor, stackId: string): Promise<StackLooked> => {
  const { rows } = await getPool().query(
    `select s.environment_id, e.looks_for_drift, l.tried_at, l.seen_at, l.because, l.findings, h.id as herd_id
     from stacks s join environments e on e.id = s.environment_id left join stack_looks l on l.stack_id = s.id
     left join herds h on h.environment_id = s.environment_id and lower(h.name) = lower(s.name) where s.id = $1`,
    [stackId],
  )
  const row = rows[0]
  if (row === undefined || !mayIn(actor, 'stack.view', row.environment_id)) return { look: null, isOn: false, herdId: null }
  const look = row.tried_at && {
    triedAt: (row.tried_at as Date).toISOString(),
    seenAt: (row.seen_at as Date | null)?.toISOString() ?? null,
    because: row.because,
    findings: row.findings,
  }
  return { look, isOn: row.looks_for_drift, herdId: mayIn(actor, 'herd.view', row.environment_id) ? row.herd_id : null }
}
