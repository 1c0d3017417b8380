import { maskStatement } from '@/lib/domain/reader/mask-statement'
import type { StatementSeen, StatementsLook } from '@/lib/domain/statements/statement'
import { quoteIdentifier } from '@/lib/domain/values/sql-quote'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress, StatementsRead } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { type Deadline, deadlineIn, within } from '../ssh/deadline'
import { connectPg, type PgConnection } from './connection'
import { queryFault } from './warm'

/** The extension may be in any database, and shows the statements of all. */
const databasesMax = 8
const textMax = 2_000
/** How many lead by each of these; most statements that lead by one lead by another, too. */
const leaders = { time: 15, calls: 5, io: 5, temp: 3, wal: 3 }

const homeSql = `
select json_build_object(
  'major', current_setting('server_version_num')::int / 10000,
  'libraries', current_setting('shared_preload_libraries'),
  'schema', (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'),
  'columns', (select json_agg(a.attname) from pg_extension e join pg_class c on c.relnamespace = e.extnamespace and c.relname = 'pg_stat_statements'
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where e.extname = 'pg_stat_statements'),
  'hasInfo', to_regclass((select quote_ident(n.nspname) || '.pg_stat_statements_info' from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'pg_stat_statements')) is not null,
  'databases', (select json_agg(d.datname order by d.datname = 'postgres' desc, d.oid) from pg_database d
    where d.datallowconn and not d.datistemplate and has_database_privilege(d.oid, 'connect'))
) as home`

export interface Home {
  major: number
  libraries: string
  schema: string | null
  columns: string[] | null
  hasInfo: boolean
  databases: string[]
}

/**
 * 13 renamed times, 17 the times of blocks; the extension may be of an older version than its server, so its columns say. PostgreSQL before 12 has no
 * MATERIALIZED, and materializes all the same.
 */
export const statementsSql = ({ major, schema, columns, hasInfo }: Home): string => {
  const has = new Set(columns)
  const first = (...names: string[]) => {
    const found = names.find((one) => has.has(one))
    return found === undefined ? '0' : `s.${found}`
  }
  const io = [
    [first('shared_blk_read_time', 'blk_read_time'), first('shared_blk_write_time', 'blk_write_time')],
    [first('local_blk_read_time'), first('local_blk_write_time'), first('temp_blk_read_time'), first('temp_blk_write_time')],
  ].flat()
  const rank = (figure: string) => `row_number() over (order by ${figure} desc, s."queryId")`
  const own = quoteIdentifier(schema!)
  return `
with s as ${major >= 12 ? 'materialized ' : ''}(
  select s.queryid::text as "queryId", s.userid, s.dbid, s.calls, ${first('total_exec_time', 'total_time')} as "totalMs", s.rows,
    s.shared_blks_hit as "blocksHit", s.shared_blks_read as "blocksRead", ${io.join(' + ')} as "ioMs",
    s.temp_blks_read + s.temp_blks_written as "tempBlocks", ${first('wal_bytes')} as "walBytes", left(s.query, ${textMax}) as text
  from ${own}.pg_stat_statements s where s.queryid is not null${has.has('toplevel') ? ' and s.toplevel' : ''}
), ranked as (
  select s.*, ${rank('s."totalMs"')} as by_time, ${rank('s.calls')} as by_calls, ${rank('s."blocksRead"')} as by_io, ${rank('s."tempBlocks"')} as by_temp,
    ${rank('s."walBytes"')} as by_wal from s
)
select json_build_object(
  'resetAt', ${hasInfo ? `(select to_char(stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from ${own}.pg_stat_statements_info)` : 'null'},
  'statements', coalesce(json_agg(json_build_object('queryId', r."queryId", 'user', u.rolname, 'database', d.datname, 'calls', r.calls, 'totalMs', r."totalMs",
    'rows', r.rows, 'blocksHit', r."blocksHit", 'blocksRead', r."blocksRead", 'ioMs', r."ioMs", 'tempBlocks', r."tempBlocks", 'walBytes', r."walBytes",
    'text', r.text)), '[]')
) as seen
from ranked r join pg_roles u on u.oid = r.userid join pg_database d on d.oid = r.dbid
where by_time <= ${leaders.time} or by_calls <= ${leaders.calls} or (by_io <= ${leaders.io} and r."blocksRead" > 0)
  or (by_temp <= ${leaders.temp} and r."tempBlocks" > 0) or (by_wal <= ${leaders.wal} and r."walBytes" > 0)`
}

type Seen = { resetAt: string | null; statements: StatementSeen[] }

export const makeStatements = (ssh: Ssh): StatementsRead => {
  const inDatabase = async <T>(
    instance: InstanceAddress,
    database: string,
    timeoutMs: number,
    deadline: Deadline,
    work: (ask: <Row>(sql: string) => Promise<Row>) => Promise<T>,
  ): Promise<T> => {
    const connection: PgConnection = await connectPg(ssh, instance, { database, isReadOnly: true, statementTimeoutMs: timeoutMs }, deadline)
    const late = () => new Fault('sql.timeout', { because: 'pg_stat_statements was not answered in time.' })
    try {
      return await work(async <Row>(sql: string) => (await within(connection.client.query(sql), deadline, late)).rows[0] as Row)
    } catch (error) {
      throw queryFault(error)
    } finally {
      connection.destroy()
    }
  }
  const lookIn = (instance: InstanceAddress, database: string, timeoutMs: number, deadline: Deadline) =>
    inDatabase(instance, database, timeoutMs, deadline, async (ask) => {
      const { home } = await ask<{ home: Home }>(homeSql)
      const isLoaded = home.libraries.split(',').some((one) => one.trim().replaceAll('"', '') === 'pg_stat_statements')
      if (!isLoaded || home.schema === null) return { home, isLoaded, seen: null }
      return { home, isLoaded, seen: (await ask<{ seen: Seen }>(statementsSql(home))).seen }
    })
  return {
    look: async (instance, { timeoutMs, signal }: CallOptions): Promise<StatementsLook> => {
      const deadline = deadlineIn(timeoutMs, signal)
      const first = await lookIn(instance, 'postgres', timeoutMs, deadline)
      const { libraries, databases } = first.home
      if (!first.isLoaded) return { state: 'not-loaded', libraries }
      let { seen } = first
      for (const database of databases.slice(1, databasesMax)) {
        if (seen !== null) break
        seen = (await lookIn(instance, database, timeoutMs, deadline)).seen
      }
      if (seen === null) return { state: 'not-created', libraries }
      const statements = seen.statements.map((one) => ({ ...one, text: maskStatement(one.text) }))
      return { state: 'seen', resetAt: seen.resetAt, statements }
    },
  }
}
