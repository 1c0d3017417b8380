import { quoteIdentifier, quoteLiteral } from '@/lib/domain/values/sql-quote'
import { drillDatabase } from '@/lib/ports'
import { drillRole } from './session'

export const accounts = 100
export const startBalance = 100

const database = quoteIdentifier(drillDatabase)
const role = quoteIdentifier(drillRole)
const markOf = (jobId: string): string => `Made by the drill of job ${jobId}; it drops this at its end.`
export const jobIdIn = (comment: string | null): string | null => /^Made by the drill of job (\S+);/.exec(comment ?? '')?.[1] ?? null

export const seenSql = `select shobj_description(oid, 'pg_database') as mark from pg_database where datname = '${drillDatabase}'`
export const hasRoleSql = `select 1 from pg_roles where rolname = '${drillRole}'`
/** No superuser, and no other database is its own. */
export const makeRoleSql = `create role ${role} login nosuperuser nocreatedb nocreaterole`
/** A statement with a verifier, never a password. */
export const passwordSql = (verifier: string): string => `alter role ${role} password ${quoteLiteral(verifier)}`
export const makeDatabaseSql = `create database ${database} template template0`
export const markSql = (jobId: string): string => `comment on database ${database} is ${quoteLiteral(markOf(jobId))}`
export const closeSql = `revoke connect, temporary on database ${database} from public; grant connect on database ${database} to ${role}`
/** Without a key, so that a row that came twice is there twice. */
export const makeTablesSql = `create table if not exists public.commits (run uuid not null, id bigint not null, at timestamptz not null default clock_timestamp());
create table if not exists public.turn (run uuid not null);
create table if not exists public.accounts (id int primary key, balance numeric not null);
insert into public.accounts select n, ${startBalance} from generate_series(1, ${accounts}) n on conflict do nothing;
grant insert on public.commits to ${role};
grant select, update on public.turn to ${role};
grant select, update on public.accounts to ${role}`
export const endSessionsSql = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${drillDatabase}' and pid <> pg_backend_pid()`
export const dropDatabaseSql = `drop database if exists ${database}`
export const dropRoleSql = `drop role if exists ${role}`

export const rowsSql = 'select id::text as id from public.commits where run = $1'
export const sumSql = 'select coalesce(sum(balance), 0)::text as sum from public.accounts'

/** From now on writers of any other run commit nothing: their worker may have lost its job, and not know it. */
export const turnTo = (run: string) => [
  'begin',
  'lock public.turn',
  'delete from public.turn',
  { sql: 'insert into public.turn values ($1)', values: [run] },
  'commit',
]

/** The timeline is the first third of a WAL file's name. */
export const insertSql = `insert into public.commits (run, id) select $1, $2 where exists (select from public.turn where run = $1 for share)
  returning ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int as timeline, pg_current_wal_insert_lsn()::text as lsn,
    current_setting('synchronous_commit') as "synchronousCommit", current_setting('synchronous_standby_names') as "standbyNames"`
/** In the order of their ids, so that two transfers never wait for each other. */
export const lockSql = 'select id from public.accounts where id in ($1, $2) order by id for update'
export const moveSql = 'update public.accounts set balance = balance + $2 where id = $1'
