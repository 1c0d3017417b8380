import { quoteIdentifier } from '../values/sql-quote'
import type { FoundThere, HealthKind, HealthRemedy } from './kind'

const notThere = (because: string, condition: string) => `
union all
select null, null, null, json_build_object('because', '${because}') where ${condition}`

const freeze = (database: string) => `VACUUM (FREEZE, VERBOSE); -- in ${quoteIdentifier(database)}, or of its oldest tables first`

/** Of its tables at least as old as where autovacuum begins; nobody logs in to template0, which autovacuum alone freezes. */
const freezing = ({ object, details }: FoundThere, minimumAge: number): Pick<HealthRemedy, 'operation'> =>
  object === 'template0'
    ? {}
    : {
        operation: {
          name: 'vacuum',
          input: {
            ...{ database: object, tables: '*', freeze: 'true', analyze: 'false' },
            minimumAge: String(Math.min(minimumAge, Math.trunc(Number(details.age ?? 0) / 2))),
          },
        },
      }

/** Each one short query to the shared memory or the shared catalogues of a server. */
export const instanceKinds = [
  {
    name: 'wraparound',
    title: 'Transaction id wraparound',
    what: 'A server stops taking writes when its oldest transaction ids come near two billion. Only a vacuum that freezes them helps; an old transaction, a prepared one or a slot can hold it up.',
    asks: 'once',
    of: 'instance',
    question: () => `
select d.datname as object, 100.0 * age(d.datfrozenxid) / 2147483647 as value, null as "atLeast",
  json_build_object('age', age(d.datfrozenxid), 'freezeMaxAge', current_setting('autovacuum_freeze_max_age')::bigint) as details
from pg_database d order by 2 desc limit 50`,
    everyHours: 1,
    cost: 'One row for each database, of a shared catalogue.',
    unit: 'percent',
    limits: { warning: 40, critical: 70 },
    worse: 'above',
    remedy: (found) => ({
      text: `End old transactions, prepared transactions and inactive slots, then run a freezing vacuum in ${found.object}; it may run beside the load.`,
      statement: freeze(found.object),
      ...freezing(found, Number(found.details.freezeMaxAge ?? 200_000_000)),
    }),
  },
  {
    name: 'multixact',
    title: 'Multixact wraparound',
    what: 'Row locks shared by several transactions use ids of their own. Near two billion the server stops giving new ones, and statements that lock rows fail.',
    asks: 'once',
    of: 'instance',
    question: () => `
select d.datname as object, 100.0 * mxid_age(d.datminmxid) / 2147483647 as value, null as "atLeast",
  json_build_object('age', mxid_age(d.datminmxid)) as details
from pg_database d order by 2 desc limit 50`,
    everyHours: 1,
    cost: 'One row for each database, of a shared catalogue.',
    unit: 'percent',
    limits: { warning: 40, critical: 70 },
    worse: 'above',
    remedy: (found) => ({
      text: `End old transactions, then run a freezing vacuum in ${found.object}; it may run beside the load.`,
      statement: freeze(found.object),
      ...freezing(found, 0),
    }),
  },
  {
    name: 'slot',
    title: 'Replication slots',
    what: 'A slot that nobody reads keeps WAL until the disk is full. One that is unreserved loses its WAL at the next checkpoint, one that is lost can never be read again.',
    asks: 'every',
    of: 'instance',
    question: (major) => `
select s.slot_name as object, coalesce(greatest(pg_wal_lsn_diff(w.lsn, s.restart_lsn), 0), 0)::float8 as value,
  ${major >= 13 ? `case when s.wal_status in ('lost', 'unreserved') then 'critical' end` : 'null'} as "atLeast",
  json_build_object('active', s.active, 'type', s.slot_type, 'slotDatabase', s.database${
    major >= 13 ? `, 'walStatus', s.wal_status, 'safeBytes', s.safe_wal_size` : ''
  }) as details
from pg_replication_slots s, (
  select case when pg_is_in_recovery() then coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end as lsn
) w where not s.temporary${major >= 17 ? ' and not s.synced' : ''} order by 2 desc limit 50`,
    everyHours: 1,
    cost: 'One row for each slot, out of shared memory.',
    unit: 'bytes',
    limits: { warning: 1024 ** 3, critical: 20 * 1024 ** 3 },
    worse: 'above',
    remedy: ({ object, details }) =>
      details.active === true
        ? { text: 'Its reader is connected and behind: see the lag of the standby or subscriber that reads it.' }
        : details.walStatus === 'lost'
          ? {
              text: 'Drop the slot; its reader has to be rebuilt, as its WAL is gone.',
              operation: { name: 'drop-slot', input: { slot: object } },
            }
          : { text: 'Bring its reader back, or drop the slot.', operation: { name: 'drop-slot', input: { slot: object } } },
  },
  {
    name: 'checksum',
    title: 'Checksum failures',
    what: 'A page read from disk was not the page that was written: storage or memory is damaged, and so may be the data.',
    asks: 'every',
    of: 'instance',
    question: (major) =>
      major < 12
        ? `select null as object, null as value, null as "atLeast", json_build_object('because', 'PostgreSQL counts them from 12 on.') as details`
        : `
select coalesce(d.datname, 'shared catalogues') as object, d.checksum_failures::float8 as value, null as "atLeast",
  json_build_object('lastAt', d.checksum_last_failure) as details
from pg_stat_database d where d.checksum_failures > 0${notThere('Data checksums are off on this server.', `current_setting('data_checksums') <> 'on'`)}`,
    everyHours: 1,
    cost: 'One row for each database, out of shared memory.',
    unit: 'count',
    limits: { warning: 1, critical: 1 },
    worse: 'above',
    remedy: ({ isStandby, object }) =>
      isStandby
        ? { text: 'Check the storage of the host, then rebuild this standby.', operation: { name: 'rebuild', input: {} } }
        : {
            text: `Find the damaged page in the log, check the storage, and move the primary to a sound member; restore what is damaged in ${object} from a backup.`,
          },
  },
  {
    name: 'archiver',
    title: 'WAL archiving',
    what: 'While WAL cannot be archived, it fills the disk, and a restore cannot go further than the last segment that was archived.',
    asks: 'every',
    of: 'instance',
    question: () => `
select 'archive' as object, extract(epoch from now() - coalesce(a.last_archived_time, a.stats_reset)) / 3600 as value, null as "atLeast",
  json_build_object('failures', a.failed_count, 'lastFailedWal', a.last_failed_wal, 'lastFailedAt', a.last_failed_time, 'lastArchivedAt', a.last_archived_time) as details
from pg_stat_archiver a where a.last_failed_time > coalesce(a.last_archived_time, '-infinity')${notThere(
      'This server archives no WAL.',
      `current_setting('archive_mode') = 'off' or (current_setting('archive_mode') = 'on' and pg_is_in_recovery())`,
    )}`,
    everyHours: 1,
    cost: 'One row, out of shared memory.',
    unit: 'hours',
    limits: { warning: 0, critical: 1 },
    worse: 'above',
    remedy: ({ details }) => ({
      text: `See the log for what the archive command said about ${details.lastFailedWal ?? 'its last segment'}, and run the command by hand as the server’s user.`,
    }),
  },
] as const satisfies readonly HealthKind[]
