import { quoteIdentifier } from '../values/sql-quote'
import type { FoundThere, HealthKind } from './kind'

/** A per-table setting that a table overrides, or the server's. */
const ofTable = (name: string) =>
  `coalesce((select o.option_value from pg_options_to_table(c.reloptions) o where o.option_name = '${name}'), current_setting('${name}'))::float8`

const inDatabase = ({ database }: FoundThere) => `-- in ${quoteIdentifier(database)}`

const widen = ({ object, details }: FoundThere) =>
  `ALTER SEQUENCE ${object} AS bigint NO ${details.isDescending === true ? 'MINVALUE' : 'MAXVALUE'}`

/** Tables below this are not worth a rewrite. */
const bloatPagesMin = 4096

/** Each one query to the catalogues of a database, in a session of its own. No table of its users is read. */
export const databaseKinds = [
  {
    name: 'autovacuum',
    title: 'Autovacuum behind',
    what: 'Tables with more dead rows than autovacuum allows, for hours: it is off, held up by an old transaction, or too slow. They grow, and queries on them slow down.',
    asks: 'primary',
    of: 'database',
    question: (major) => `
select format('%I.%I', n.nspname, c.relname) as object, s.n_dead_tup / t.threshold as value, null as "atLeast",
  json_build_object('dead', s.n_dead_tup, 'live', s.n_live_tup, 'threshold', round(t.threshold),
    'lastVacuumAt', greatest(s.last_vacuum, s.last_autovacuum),
    'isOff', coalesce((select o.option_value from pg_options_to_table(c.reloptions) o where o.option_name = 'autovacuum_enabled'), 'on') in ('off', 'false', 'no', '0')) as details
from pg_stat_user_tables s join pg_class c on c.oid = s.relid join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select greatest(1, ${major >= 18 ? `least(nullif(${ofTable('autovacuum_vacuum_max_threshold')}, -1), ` : '('}${ofTable('autovacuum_vacuum_threshold')}
      + ${ofTable('autovacuum_vacuum_scale_factor')} * greatest(c.reltuples, 0))) as threshold
  ) t
where s.n_dead_tup > t.threshold order by 2 desc limit 50`,
    everyHours: 1,
    cost: 'One row for each table with statistics, out of shared memory and the catalogue.',
    unit: 'times',
    limits: { warning: 1, critical: 10 },
    worse: 'above',
    patienceHours: 2,
    remedy: (found) => ({
      text:
        found.details.isOff === true
          ? 'Autovacuum is off for this table: vacuum it, and switch it on again.'
          : 'Vacuum the table, and look for what holds the cleaning up: long transactions, prepared transactions, slots, standbys with feedback.',
      statement: `VACUUM (VERBOSE, ANALYZE) ${found.object}; ${inDatabase(found)}`,
      operation: { name: 'vacuum', input: { database: found.database, tables: found.object } },
    }),
  },
  {
    name: 'bloat',
    title: 'Table bloat',
    what: 'An estimate, from the planner’s statistics, of how much of a table’s file holds no row. Tables under 32 MB, and those never analyzed, are left out.',
    asks: 'once',
    of: 'database',
    question: (major) => `
select format('%I.%I', b.nspname, b.relname) as object, 100 * (1 - b.needed / b.relpages) as value, null as "atLeast",
  json_build_object('bytes', b.relpages::bigint * b.block, 'wastedBytes', ((b.relpages - b.needed) * b.block)::bigint) as details
from (
  select n.nspname, c.relname, c.relpages, s.block, greatest(1, ceil(c.reltuples * (28 + 8 * ceil(w.width / 8)) / ((s.block - 24) *
      coalesce((select o.option_value::float8 from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 100) / 100))) as needed
  from pg_class c join pg_namespace n on n.oid = c.relnamespace, (select current_setting('block_size')::int as block) s, lateral (
    select sum((1 - a.stanullfrac) * a.stawidth) as width, count(*) as columns from pg_statistic a where a.starelid = c.oid and not a.stainherit
  ) w
  where c.relkind in ('r', 'm') and c.relpages >= ${bloatPagesMin} and c.reltuples >= 0 and n.nspname not in ('pg_catalog', 'information_schema')
    and w.columns = (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped${major >= 18 ? " and a.attgenerated <> 'v'" : ''})
) b where b.needed < b.relpages order by (b.relpages - b.needed) desc limit 50`,
    everyHours: 24,
    cost: 'Catalogue and planner statistics of the tables over 32 MB.',
    unit: 'percent',
    limits: { warning: 50, critical: 80 },
    worse: 'above',
    remedy: (found) => ({
      text: 'Rewrite the table while nothing uses it (VACUUM FULL locks it), or beside the load with pg_repack; first see that autovacuum keeps up.',
      statement: `VACUUM (FULL, VERBOSE, ANALYZE) ${found.object}; ${inDatabase(found)}`,
    }),
  },
  {
    name: 'index-bloat',
    title: 'Index bloat',
    what: 'An estimate, from the planner’s statistics, of how much of a B-tree’s file its rows do not need; duplicates that are stored once make it less than it is. Indexes under 32 MB, on expressions, or never analyzed are left out.',
    asks: 'once',
    of: 'database',
    question: () => `
select format('%I.%I', b.nspname, b.relname) as object, 100 * (1 - b.needed / b.relpages) as value, null as "atLeast",
  json_build_object('table', b.of, 'bytes', b.relpages::bigint * b.block, 'wastedBytes', ((b.relpages - b.needed) * b.block)::bigint) as details
from (
  select n.nspname, c.relname, format('%I.%I', tn.nspname, t.relname) as of, c.relpages, s.block, 1 + ceil(c.reltuples * (4 + 8 * ceil((8 + w.width) / 8)) /
    ((s.block - 40) * coalesce((select o.option_value::float8 from pg_options_to_table(c.reloptions) o where o.option_name = 'fillfactor'), 90) / 100)) as needed
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_am a on a.oid = c.relam
    join pg_class t on t.oid = x.indrelid join pg_namespace tn on tn.oid = t.relnamespace, (select current_setting('block_size')::int as block) s, lateral (
    select sum((1 - p.stanullfrac) * p.stawidth) as width, count(*) as known from unnest(x.indkey::int2[]) as k (attnum)
      join pg_statistic p on p.starelid = x.indrelid and p.staattnum = k.attnum and not p.stainherit
  ) w
  where a.amname = 'btree' and x.indisvalid and c.relpages >= ${bloatPagesMin} and c.reltuples >= 0 and w.known = x.indnatts
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
) b where b.needed < b.relpages order by (b.relpages - b.needed) desc limit 50`,
    everyHours: 24,
    cost: 'Catalogue and planner statistics of the indexes over 32 MB.',
    unit: 'percent',
    limits: { warning: 60, critical: null },
    worse: 'above',
    remedy: (found) => ({
      text: 'Rebuild it beside the load; if it grows again soon, see that autovacuum keeps up with its table.',
      statement: `REINDEX INDEX CONCURRENTLY ${found.object}; ${inDatabase(found)}`,
      operation: { name: 'reindex', input: { database: found.database, indexes: found.object } },
    }),
  },
  {
    name: 'invalid-index',
    title: 'Invalid indexes',
    what: 'Left over by a CREATE INDEX or REINDEX CONCURRENTLY that did not end: it is maintained by every write and used by no query, and where it is unique it may not be.',
    asks: 'once',
    of: 'database',
    question: (major) => `
select format('%I.%I', n.nspname, c.relname) as object, 1 as value, null as "atLeast",
  json_build_object('table', x.indrelid::regclass::text, 'bytes', c.relpages::bigint * current_setting('block_size')::int, 'isPartitioned', c.relkind = 'I',
    'isCopy', c.relname ~ '_cc(new|old)[0-9]*$') as details
from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace
where not (x.indisvalid and x.indisready) and c.relpersistence <> 't'${
      major >= 12
        ? ' and not exists (select from pg_stat_progress_create_index p where p.relid = x.indrelid and p.datname = current_database())'
        : ''
    } order by 1 limit 50`,
    everyHours: 6,
    cost: 'One pass over the index catalogue.',
    unit: 'count',
    limits: { warning: 1, critical: null },
    worse: 'above',
    patienceHours: 3,
    remedy: (found) =>
      found.details.isPartitioned === true
        ? {
            text: 'An index of a partitioned table is valid once every partition has its own attached: create and attach the missing ones.',
          }
        : found.details.isCopy === true
          ? {
              text: 'It is the copy that REINDEX CONCURRENTLY left behind: drop it.',
              statement: `DROP INDEX CONCURRENTLY ${found.object}; ${inDatabase(found)}`,
              operation: { name: 'drop-invalid-index', input: { database: found.database, indexes: found.object } },
            }
          : {
              text: 'Rebuild it beside the load, or drop it.',
              statement: `REINDEX INDEX CONCURRENTLY ${found.object}; ${inDatabase(found)}`,
              operation: { name: 'reindex', input: { database: found.database, indexes: found.object } },
            },
  },
  {
    name: 'unused-index',
    title: 'Unused indexes',
    what: 'No query of any member has used it for a week, and every write maintains it. Indexes that hold a constraint are left out.',
    asks: 'every',
    of: 'database',
    question: () => `
select format('%I.%I', s.schemaname, s.indexrelname) as object, c.relpages::float8 * current_setting('block_size')::int as value, null as "atLeast",
  json_build_object('table', format('%I.%I', s.schemaname, s.relname)) as details
from pg_stat_user_indexes s join pg_index x on x.indexrelid = s.indexrelid join pg_class c on c.oid = s.indexrelid
where s.idx_scan = 0 and c.relpages > 1 and x.indisvalid and not x.indisunique and not x.indisexclusion and not x.indisreplident
  and not exists (select from pg_constraint k where k.conindid = c.oid) and not exists (select from pg_inherits h where h.inhrelid = c.oid)
order by 2 desc limit 50`,
    everyHours: 24,
    cost: 'One row for each index with statistics, out of shared memory and the catalogue.',
    unit: 'bytes',
    limits: { warning: 64 * 1024 ** 2, critical: null },
    worse: 'above',
    patienceHours: 168,
    onEveryMember: true,
    remedy: (found) => ({
      text: 'Make sure that no monthly or yearly work needs it, then drop it.',
      statement: `DROP INDEX CONCURRENTLY ${found.object}; ${inDatabase(found)}`,
    }),
  },
  {
    name: 'sequence',
    title: 'Sequences near their end',
    what: 'When a sequence, or the column it fills, has reached its last number, every insert fails.',
    asks: 'once',
    of: 'database',
    question: () => `
select format('%I.%I', q.nspname, q.relname) as object,
  100 * case when q.seqincrement > 0 then (q.last - q.seqmin)::numeric / greatest(1, q.most - q.seqmin) else (q.seqmax - q.last)::numeric / greatest(1, q.seqmax::numeric - q.seqmin) end as value,
  null as "atLeast", json_build_object('last', q.last::text, 'most', q.most::text, 'column', q.column, 'isColumnSmall', q.small, 'isDescending', q.seqincrement < 0,
    'isWidest', case when q.seqincrement > 0 then q.seqmax = 9223372036854775807 else q.seqmin = -9223372036854775808 end) as details
from (
  select n.nspname, c.relname, q.seqincrement, q.seqmin, q.seqmax, o.column,
    coalesce(o.atttypid in ('int2'::regtype, 'int4'::regtype), false) as small,
    least(q.seqmax, case o.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 end)::numeric as most,
    case when has_sequence_privilege(c.oid, 'select, usage') then pg_sequence_last_value(c.oid) end as last
  from pg_sequence q join pg_class c on c.oid = q.seqrelid join pg_namespace n on n.oid = c.relnamespace left join lateral (
    select a.atttypid, format('%s.%I', a.attrelid::regclass, a.attname) as column from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') limit 1
  ) o on true
  where not q.seqcycle and (c.relpersistence = 'p' or (c.relpersistence = 'u' and not pg_is_in_recovery()))
) q where q.last is not null order by 2 desc limit 50`,
    everyHours: 6,
    cost: 'One page of each sequence.',
    unit: 'percent',
    limits: { warning: 75, critical: 90 },
    worse: 'above',
    remedy: (found) =>
      found.details.isColumnSmall === true
        ? {
            text: `The column ${found.details.column ?? ''} ends there as well: it must become bigint. ALTER TABLE rewrites and locks the table; for a large one add a second column and switch.`,
          }
        : found.details.isWidest === true
          ? { text: 'It has used up nearly all of bigint: see why it takes so many numbers, and start it anew from a range that is free.' }
          : {
              text: 'Give the sequence the whole range of bigint, on the primary.',
              statement: `${widen(found)}; ${inDatabase(found)}`,
              operation: { name: 'run-sql', input: { sql: widen(found), database: found.database, write: 'true' } },
            },
  },
] as const satisfies readonly HealthKind[]
