import { quoteLiteral } from '@/lib/domain/values/sql-quote'
import type { MaintenanceSight } from '@/lib/ports'

const utc = (moment: string) => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Of those of the schema `n` and the relation `c` that were chosen. */
const isChosen = ({ chosen }: MaintenanceSight): string => {
  if ('exactly' in chosen) {
    const names = chosen.exactly.map(({ schema, name }) => `(${quoteLiteral(schema)}, ${quoteLiteral(name)})`)
    return names.length === 0 ? 'false' : `(n.nspname, c.relname) in (${names.join(', ')})`
  }
  const patterns = chosen.patterns.map(({ schema, name }) =>
    schema === null ? `c.relname ~ ${quoteLiteral(name)}` : `(n.nspname ~ ${quoteLiteral(schema)} and c.relname ~ ${quoteLiteral(name)})`,
  )
  return patterns.length === 0 ? 'false' : `(${patterns.join(' or ')})`
}

const answered = (from: string, columns: string, max: number) => `
with o as materialized (${from})
select json_build_object('at', ${utc('clock_timestamp()')}, 'total', (select count(*) from o),
  'found', (select coalesce(json_agg(x), '[]') from (select ${columns} from o order by o.nspname, o.relname limit ${Math.trunc(max)}) x)) as answer`

/** PostgreSQL before 12 has no MATERIALIZED, and materializes all the same. */
const forMajor = (sql: string, major: number): string => (major < 12 ? sql.replace('as materialized', 'as') : sql)

/** A table that another session holds ACCESS EXCLUSIVE is not waited for longer than the lock timeout: its size takes a lock. */
export const tablesSql = (sight: MaintenanceSight, major: number): string =>
  forMajor(
    answered(
      `select c.oid, n.nspname, c.relname, greatest(case when c.relfrozenxid::text <> '0' then age(c.relfrozenxid) end,
         (select age(t.relfrozenxid) from pg_class t where t.oid = c.reltoastrelid), 0) as age
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and c.relpersistence <> 't' and ${isChosen(sight)}`,
      `o.oid::bigint as oid, o.nspname as schema, o.relname as name, o.age, coalesce(pg_table_size(o.oid), 0) as bytes,
       pg_stat_get_live_tuples(o.oid) as "liveRows", pg_stat_get_dead_tuples(o.oid) as "deadRows",
       ${utc('pg_stat_get_last_vacuum_time(o.oid)')} as "vacuumedAt", ${utc('pg_stat_get_last_analyze_time(o.oid)')} as "analyzedAt",
       ${utc('pg_stat_get_last_autovacuum_time(o.oid)')} as "autovacuumedAt", ${utc('pg_stat_get_last_autoanalyze_time(o.oid)')} as "autoanalyzedAt"`,
      sight.max,
    ),
    major,
  )

/** A row of a B-tree: its item, its header, and its columns as wide as the planner knows them, aligned. Duplicates that are stored once need less. */
const neededSql = `(select case when k.known = o.columns and o.rows >= 0 and o.am = 'btree' then
    (ceil(o.rows * (4 + 8 * ceil((8 + k.width) / 8)) / ((current_setting('block_size')::int - 40) * o.filled / 100)) + 1) * current_setting('block_size')::int end
  from (select sum((1 - s.stanullfrac) * s.stawidth) as width, count(*) as known
    from unnest(o.keys) as key (attnum) join pg_statistic s on s.starelid = o.indrelid and s.staattnum = key.attnum and not s.stainherit) k)::bigint`

/** A rebuild reports its copy only once it fills it, and one table has one build CONCURRENTLY at a time: what builds on the table may be building this. */
export const indexesSql = (sight: MaintenanceSight, major: number): string =>
  forMajor(
    answered(
      `select c.oid, n.nspname, c.relname, x.indrelid, tn.nspname as table_schema, t.relname as table_name, x.indisvalid and x.indisready as valid,
         x.indisexclusion as exclusion, x.indkey::int2[] as keys, x.indnatts as columns, c.reltuples as rows, a.amname as am,
         coalesce((select p.option_value::float8 from pg_options_to_table(c.reloptions) p where p.option_name = 'fillfactor'), 90) as filled
       from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_am a on a.oid = c.relam
         join pg_class t on t.oid = x.indrelid join pg_namespace tn on tn.oid = t.relnamespace
       where c.relkind = 'i' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and ${isChosen(sight)}`,
      `o.oid::bigint as oid, o.nspname as schema, o.relname as name, format('%I.%I', o.table_schema, o.table_name) as table,
       coalesce(pg_relation_size(o.oid), 0) as bytes, ${neededSql} as "neededBytes", o.valid as "isValid",
       not o.valid and o.relname ~ '_cc(new|old)[0-9]*$' as "isLeftover",
       ${major >= 12 ? 'not o.valid and exists (select from pg_stat_progress_create_index p where p.relid = o.indrelid and p.datname = current_database())' : 'false'} as "isBuilding",
       exists (select from pg_constraint k where k.conindid = o.oid) as "isConstraint", o.exclusion as "isExclusion"`,
      sight.max,
    ),
    major,
  )
