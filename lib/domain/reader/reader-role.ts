import { quoteLiteral } from '../values/sql-quote'

/** The login under which people's statements read. */
export const readerRole = 'matriarch_reader'

/** Lines of pg_hba.conf and pg_ident.conf that let it in over the socket alone. */
export type ReaderLines = { hba: string[]; ident: string[] }

/** Around them in both files. */
export const readerMarks = { first: '# matriarch reader: begin', last: '# matriarch reader: end' } as const

/** As a file holds them. */
export const markedLines = (lines: readonly string[]): string => `${[readerMarks.first, ...lines, readerMarks.last].join('\n')}\n`

/** For sessions of one account of the host, by peer. pg_ident.conf takes any name in quotation marks. */
export const readerLines = (account: string): ReaderLines => ({
  hba: [`local all ${readerRole} peer map=${readerRole}`],
  ident: [`${readerRole} "${account.replaceAll('"', '""')}" ${readerRole}`],
})

export const sameLines = (one: ReaderLines | null, other: ReaderLines | null): boolean => JSON.stringify(one) === JSON.stringify(other)

const remark = (madeBy: string): string => `Login of Matriarch for statements that only read; made by ${madeBy}`

/** Who made it, by the comment on the role; null: not one of ours says. */
export const readMaker = (comment: string | null): string | null => /; made by ([\w-]+)$/.exec(comment ?? '')?.[1] ?? null

/**
 * One transaction, for a primary. No password, so that nothing but peer lets it in. `madeBy`: letters, digits, dashes; by it alone it is dropped again.
 * Beside pg_monitor it is given nothing: pg_read_all_data also reads pg_authid, user mappings and subscriptions, with the passwords in them.
 */
export const makeReaderSql = (madeBy: string): string[] => [
  'begin read write',
  `create role ${readerRole} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit connection limit 20 password null`,
  `alter role ${readerRole} set default_transaction_read_only = on`,
  `alter role ${readerRole} set statement_timeout = '1h'`,
  `alter role ${readerRole} set idle_in_transaction_session_timeout = '5min'`,
  `alter role ${readerRole} set temp_file_limit = '1GB'`,
  `grant pg_monitor to ${readerRole}`,
  `comment on role ${readerRole} is ${quoteLiteral(remark(madeBy))}`,
  'commit',
]

/** One transaction. A role of another maker, or none, is left alone. */
export const dropReaderSql = (madeBy: string): string[] => [
  'begin read write',
  `do $drop$ begin
  if shobj_description((select oid from pg_roles where rolname = ${quoteLiteral(readerRole)}), 'pg_authid') = ${quoteLiteral(remark(madeBy))} then
    drop role ${readerRole};
  end if;
end $drop$`,
  'commit',
]

/** Predefined roles that it may be a member of: they show, and open nothing. */
const allowed = ['pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables']

/** Of PostgreSQL's own functions those that nobody but a superuser is given, unless somebody grants them. Up to 10 they ask by themselves. */
const guarded = [
  ...['pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'lo_import', 'lo_export', 'pg_reload_conf'],
  ...['pg_rotate_logfile', 'pg_promote', 'pg_switch_wal', 'pg_create_restore_point', 'pg_wal_replay_pause', 'pg_wal_replay_resume'],
  ...['pg_backup_start', 'pg_backup_stop', 'pg_start_backup', 'pg_stop_backup', 'pg_replication_origin_create', 'pg_hba_file_rules'],
]

const names = (list: readonly string[]): string => list.map(quoteLiteral).join(', ')
const oid = `(select oid from pg_roles where rolname = ${quoteLiteral(readerRole)})`
const attribute = (column: string, words: string): string =>
  `select case when rolname = ${quoteLiteral(readerRole)} then '' else 'member of ' || rolname || ', which ' end || ${quoteLiteral(words)} as what
   from pg_roles where ${column} and pg_has_role(${oid}, oid, 'member')`

/** A list of what the role may that a login which only reads must not, in words; empty where it is harmless, and where there is no such role. */
export const readerExcessSql = `(select coalesce(json_agg(what order by what), '[]') from (
  ${attribute('rolsuper', 'is a superuser')}
  union ${attribute('rolcreaterole', 'may create roles')}
  union ${attribute('rolcreatedb', 'may create databases')}
  union ${attribute('rolreplication', 'may replicate')}
  union ${attribute('rolbypassrls', 'bypasses row security')}
  union select 'member of ' || rolname from pg_roles
    where rolname ~ '^pg_' and rolname not in (${names(allowed)}) and pg_has_role(${oid}, oid, 'member')
  union select 'may execute ' || oid::regprocedure from pg_proc
    where current_setting('server_version_num')::int >= 110000 and pronamespace = 'pg_catalog'::regnamespace and proname in (${names(guarded)})
      and has_function_privilege(${oid}, oid, 'execute')
  union select 'may read ' || relname from (values ('pg_authid'), ('pg_user_mapping')) as t (relname) where has_table_privilege(${oid}, relname, 'select')
  union select 'may read the connection strings of pg_subscription' where has_column_privilege(${oid}, 'pg_subscription', 'subconninfo', 'select')
) as excess)`

/** Functions of this database, five at most, through which anybody who may connect acts as a superuser or outside PostgreSQL. Asked as the reader. */
export const openDoorsSql = `(select coalesce(json_agg(name order by name), '[]') from (
  select p.oid::regprocedure::text as name from pg_proc p
  join pg_language l on l.oid = p.prolang join pg_roles o on o.oid = p.proowner join pg_namespace n on n.oid = p.pronamespace
  where n.nspname not in ('pg_catalog', 'information_schema') and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')
    and ((p.prosecdef and o.rolsuper) or (not l.lanpltrusted and l.lanname not in ('internal', 'c')))
  limit 5) as doors)`

/** For a person, where the role was not made by the console or has been given more since. */
export const excessWords = (excess: readonly string[]): string =>
  `${readerRole} ${excess.slice(0, 3).join('; ')}${excess.length > 3 ? '; and more' : ''}`
