import type { LogicalSlot } from '@/lib/domain/replication/failover-slots'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { askJson } from './ask-json'
import type { Place, Plain } from './instance'

/** What stands in the way of a change of roles, as a server says it of itself; null where it could not be read. */
export type Readiness = {
  isReplayPaused: boolean | null
  applyDelayMs: number | null
  /** max_connections and the others that a standby must not have lower than its primary. */
  limits: Record<string, number>
  isArchivingFailing: boolean
  preparedTransactions: number
  logicalSlots: Plain<LogicalSlot>[]
  /** `synchronized_standby_slots` (17 and later): a logical failover slot is sent no WAL that these have not confirmed. */
  awaitedSlots: string[]
  /** max_wal_size, bytes. */
  walBytesMax: number | null
}

export const limitNames = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
]

/** Whole rows, since their columns differ by version: `failover`, `synced` and `invalidation_reason` came with 17. */
const logicalSlotsSql = `select coalesce(json_agg(json_build_object('name', one ->> 'slot_name',
    'isFailover', coalesce((one ->> 'failover')::boolean, false), 'isSynced', coalesce((one ->> 'synced')::boolean, false),
    'isUsable', not (one ->> 'temporary')::boolean and one ->> 'invalidation_reason' is null and coalesce(one ->> 'wal_status', '') <> 'lost'
  ) order by one ->> 'slot_name'), '[]') from (select to_jsonb(l) as one from pg_replication_slots l where slot_type = 'logical') slots`

const readinessSql = `select json_build_object(
  'isReplayPaused', case when pg_is_in_recovery() then pg_is_wal_replay_paused() else false end,
  'applyDelayMs', (select setting::int from pg_settings where name = 'recovery_min_apply_delay'),
  'limits', (select json_object_agg(name, setting::int) from pg_settings where name in (${limitNames.map((name) => `'${name}'`).join(', ')})),
  'isArchivingFailing', (select coalesce(current_setting('archive_mode') <> 'off' and last_failed_time > coalesce(last_archived_time, '-infinity'), false) from pg_stat_archiver),
  'preparedTransactions', (select count(*) from pg_prepared_xacts),
  'logicalSlots', (${logicalSlotsSql}),
  'awaitedSlots', to_json(array_remove(string_to_array(translate(coalesce(current_setting('synchronized_standby_slots', true), ''), '" ', ''), ','), '')),
  'walBytesMax', (select setting::bigint * case unit when '16MB' then 16 else 1 end * 1048576 from pg_settings where name = 'max_wal_size')
)::text as readiness`

/** null: the server did not say. */
export const readReadiness = async (
  ports: ReadPorts,
  place: Place,
  { signal }: Pick<GatherContext, 'signal'>,
): Promise<Readiness | null> => {
  const said = await askJson<Readiness>(ports, place, readinessSql, { database: 'postgres', bytesMax: 50_000, signal })
  return said !== null && 'limits' in said ? said : null
}

/** Limits that are lower than the primary's: the candidate could not take over with them, or not take the load. */
export const lowerLimits = (primary: Readiness, candidate: Readiness): { name: string; primary: number; candidate: number }[] =>
  limitNames.flatMap((name) => {
    const [theirs, ours] = [primary.limits[name], candidate.limits[name]]
    return theirs !== undefined && ours !== undefined && ours < theirs ? [{ name, primary: theirs, candidate: ours }] : []
  })
