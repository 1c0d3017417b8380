import { type Activity, type CommandProgress, momentPattern, type Signal, type SignalTarget } from '@/lib/domain/activity/session'
import { maskStatement } from '@/lib/domain/reader/mask-statement'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { ActivityAct, ActivityRead, InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { deadlineIn } from '../ssh/deadline'
import { applicationName } from './connection'
import { isSocketRefused, psqlJson } from './psql'
import { runAlone } from './server-views'
import type { WarmPool } from './warm'

/** More than a person reads; the rest is counted. */
const sessionsMax = 1000
const statementCharactersMax = 2000

const utc = (moment: string) => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const ago = (moment: string) => `round(extract(epoch from clock_timestamp() - ${moment})::numeric, 3)::float8`

/** The major from which on each view is there, and what it counts. */
const progressViews: { since: number; view: string; command: string; done: string; total: string; unit: CommandProgress['unit'] }[] = [
  { since: 10, view: 'vacuum', command: `'VACUUM'`, done: 'heap_blks_scanned', total: 'heap_blks_total', unit: 'blocks' },
  { since: 12, view: 'create_index', command: 'p.command', done: 'blocks_done', total: 'blocks_total', unit: 'blocks' },
  { since: 12, view: 'cluster', command: 'p.command', done: 'heap_blks_scanned', total: 'heap_blks_total', unit: 'blocks' },
  { since: 13, view: 'analyze', command: `'ANALYZE'`, done: 'sample_blks_scanned', total: 'sample_blks_total', unit: 'blocks' },
  { since: 13, view: 'basebackup', command: `'base backup'`, done: 'backup_streamed', total: 'backup_total', unit: 'bytes' },
  { since: 14, view: 'copy', command: 'p.command', done: 'bytes_processed', total: 'bytes_total', unit: 'bytes' },
]

/** One row a command that reports how far it is. */
export const progressSql = (major: number): string =>
  progressViews
    .filter(({ since }) => since <= major)
    .map(
      ({ view, command, done, total, unit }) =>
        `select p.pid, ${command} as command, to_jsonb(p)->>'datname' as database, to_jsonb(p)->>'phase' as phase,
           coalesce(p.${done}, 0) as done, coalesce(p.${total}, 0) as total, '${unit}' as unit from pg_stat_progress_${view} p`,
    )
    .join('\nunion all ')

/**
 * Names that PostgreSQL 10 to 18 share. Blockers are asked for only of those that wait for a lock, since each question stops the lock manager for a
 * moment. The console's own idle sessions are left out.
 */
export const activitySql = (major: number): string => `
select json_build_object(
  'at', ${utc('clock_timestamp()')},
  'total', (select count(*) from pg_stat_activity a where ${isShown}),
  'sessions', (select coalesce(json_agg(x), '[]') from (
    select a.pid, ${utc('a.backend_start')} as "startedAt", a.backend_type as kind, a.datname as database, a.usename as user,
      coalesce(a.application_name, '') as application, host(a.client_addr) as client, a.state, a.wait_event_type as "waitType", a.wait_event as wait,
      ${ago('a.backend_start')} as "ageSeconds", ${ago('a.xact_start')} as "transactionSeconds", ${ago('a.query_start')} as "statementSeconds",
      ${ago('a.state_change')} as "stateSeconds", greatest(age(a.backend_xmin), age(a.backend_xid)) as "heldBack", ${utc('a.query_start')} as "statementAt",
      nullif(left(a.query, ${statementCharactersMax}), '') as statement,
      case when a.wait_event_type = 'Lock' then to_json(pg_blocking_pids(a.pid)) else '[]'::json end as "blockedBy"
    from pg_stat_activity a
    where ${isShown}
    order by a.xact_start is null, a.state = 'idle', a.xact_start, a.pid
    limit ${sessionsMax}) x),
  'prepared', (select coalesce(json_agg(json_build_object('name', p.gid, 'database', p.database, 'user', p.owner, 'ageSeconds', ${ago('p.prepared')})
    order by p.prepared), '[]') from pg_prepared_xacts p),
  'progress', (select coalesce(json_agg(p order by p.pid), '[]') from (${progressSql(major)}) p)
)`

const isShown = `a.backend_start is not null and a.pid <> pg_backend_pid()
      and a.backend_type in ('client backend', 'walsender', 'autovacuum worker', 'parallel worker', 'logical replication worker')
      and not (a.application_name = '${applicationName}' and a.usename = current_user and coalesce(a.state, 'idle') = 'idle')`

type Answer = Omit<Activity, 'leftOut'> & { total: number }

const look = async (ssh: Ssh, warm: WarmPool, instance: InstanceAddress, { timeoutMs, signal }: CallOptions): Promise<Activity> => {
  const deadline = deadlineIn(timeoutMs, signal)
  const ask = async (): Promise<Answer> => {
    try {
      const sqlOf = ({ version }: { version: string }) =>
        `select (${activitySql(Number(parsePgVersion(version)?.major ?? oldestMajor))}) as answer`
      return (await warm.query<{ answer: Answer }>(instance, 'matriarch_activity', sqlOf, deadline)).row.answer
    } catch (error) {
      if (!isSocketRefused(error)) throw error
      return psqlJson<Answer>(ssh, instance, activitySql(Number(instance.major ?? oldestMajor)), deadline)
    }
  }
  const { total, ...seen } = await ask()
  const sessions = seen.sessions.map((one) => ({ ...one, statement: one.statement === null ? null : maskStatement(one.statement) }))
  return { ...seen, sessions, leftOut: Math.max(0, total - sessions.length) }
}

const oldestMajor = 10

/** In a session of its own: over a warm one it would be sent again when that was found dead, and could then cancel the next statement. */
const signalSql = (signal: Signal, targets: readonly SignalTarget[]): string => {
  const moment = (text: string) => {
    if (!momentPattern.test(text)) throw new Fault('input.invalid', { because: `“${text}” is no moment of a session.`, isOver: true })
    return `${quoteLiteral(text)}::timestamptz`
  }
  const one = ({ pid, startedAt, statementAt }: SignalTarget) =>
    `(a.pid = ${Math.trunc(pid)} and a.backend_start = ${moment(startedAt)}${statementAt === null ? '' : ` and a.query_start = ${moment(statementAt)}`})`
  return `select count(pg_${signal}_backend(a.pid)) from pg_stat_activity a where ${targets.map(one).join(' or ')}`
}

export const makeActivity = (ssh: Ssh, warm: WarmPool): { read: ActivityRead; act: ActivityAct } => ({
  read: { look: (instance, options) => look(ssh, warm, instance, options) },
  act: {
    signal: async (instance, signal, targets, options) => {
      if (targets.length > 0) await runAlone(ssh, instance, [signalSql(signal, targets)], options)
    },
  },
})
