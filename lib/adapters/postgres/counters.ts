import type { InstanceCounters } from '@/lib/domain/samples/rates'
import { parsePgVersion } from '@/lib/domain/values/pg-version'
import type { InstanceAddress } from '@/lib/ports'
import type { CallOptions } from '@/lib/ports/postgres'
import type { Ssh } from '../ssh'
import { deadlineIn } from '../ssh/deadline'
import { isSocketRefused, psqlJson } from './psql'
import type { WarmPool } from './warm'

/** PostgreSQL 17 moved checkpoints to a view of their own. */
const checkpointsOf = (version: string | null) => {
  const major = Number(parsePgVersion(version ?? '')?.major ?? 0)
  return major >= 17
    ? '(select num_timed + num_requested as count, stats_reset from pg_stat_checkpointer)'
    : '(select checkpoints_timed + checkpoints_req as count, stats_reset from pg_stat_bgwriter)'
}

/**
 * One JSON value out of shared memory: no table is read. `epoch` holds every moment from which counters may have begun anew; a crash resets the
 * statistics without another start of the postmaster.
 */
export const countersSql = (version: string | null): string => `
select json_build_object(
  'epoch', concat_ws(' ', pg_postmaster_start_time(), d.stats_reset, c.stats_reset, pg_is_in_recovery()),
  'at', extract(epoch from clock_timestamp()),
  'active', a.active, 'idle', a.idle, 'idleInTransaction', a.idle_in_transaction, 'waiting', a.waiting, 'oldestTransaction', a.oldest,
  'commits', d.commits, 'rollbacks', d.rollbacks, 'blocksRead', d.blocks_read, 'blocksHit', d.blocks_hit, 'tempBytes', d.temp_bytes,
  'checkpoints', c.count,
  'walBytes', pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end, '0/0')
) as counters
from (
  select count(*) filter (where state in ('active', 'fastpath function call')) as active, count(*) filter (where state = 'idle') as idle,
    count(*) filter (where state like 'idle in transaction%') as idle_in_transaction, count(*) filter (where wait_event_type = 'Lock') as waiting,
    extract(epoch from clock_timestamp() - min(xact_start)) as oldest
  from pg_stat_activity where backend_type = 'client backend' and application_name <> 'matriarch' and pid <> pg_backend_pid()
) a, (
  select sum(xact_commit) as commits, sum(xact_rollback) as rollbacks, sum(blks_read) as blocks_read, sum(blks_hit) as blocks_hit,
    sum(temp_bytes) as temp_bytes, max(stats_reset) as stats_reset from pg_stat_database
) d, ${checkpointsOf(version)} c`

/** Over the warm session, or through psql where sockets are not forwarded. */
export const countersOf = async (ssh: Ssh, warm: WarmPool, instance: InstanceAddress, options: CallOptions): Promise<InstanceCounters> => {
  const deadline = deadlineIn(options.timeoutMs, options.signal)
  try {
    const { row } = await warm.query<{ counters: InstanceCounters }>(
      instance,
      'matriarch_counters',
      ({ version }) => countersSql(version),
      deadline,
    )
    return row.counters
  } catch (error) {
    if (!isSocketRefused(error)) throw error
    return psqlJson<InstanceCounters>(ssh, instance, countersSql(instance.major ?? null), deadline)
  }
}
