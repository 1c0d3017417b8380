import { confSetting } from '@/lib/domain/replication/conf'
import { parseConninfo } from '@/lib/domain/values/conninfo'
import { parsePgVersion, versionOfNumber } from '@/lib/domain/values/pg-version'
import type { Probe } from '@/lib/ports'
import type { Greeting } from './connection'
import { parseHistory } from './replication-look'

/**
 * The one look at a running server, as one JSON value, with names that PostgreSQL 10 to 18 share: whole rows are taken where columns changed
 * (`pg_stat_wal_receiver`), settings that may not exist are asked for softly. What only a superuser may read is left out for others.
 */
export const probeSql = ({ isSuperuser }: Pick<Greeting, 'isSuperuser'>): string => `
select json_build_object(
  'isInRecovery', r.is_in_recovery,
  'versionNumber', current_setting('server_version_num')::int,
  'systemIdentifier', (select system_identifier::text from pg_control_system()),
  'clusterName', nullif(current_setting('cluster_name'), ''),
  'synchronousNames', nullif(current_setting('synchronous_standby_names'), ''),
  'controlTimeline', (select timeline_id from pg_control_checkpoint()),
  'recoveryTimeline', (select min_recovery_end_timeline from pg_control_recovery()),
  'walFile', case when not r.is_in_recovery then pg_walfile_name(pg_current_wal_lsn()) end,
  'currentLsn', case when not r.is_in_recovery then pg_current_wal_lsn()::text end,
  'receivedLsn', case when r.is_in_recovery then pg_last_wal_receive_lsn()::text end,
  'replayedLsn', case when r.is_in_recovery then pg_last_wal_replay_lsn()::text end,
  'replayedSecondsAgo', case when r.is_in_recovery then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end,
  'isReplayPaused', case when r.is_in_recovery then pg_is_wal_replay_paused() end,
  'startedAt', pg_postmaster_start_time(),
  'confLoadedAt', pg_conf_load_time(),
  'receiver', (select to_jsonb(w) from pg_stat_wal_receiver w limit 1),
  'isReceiving', (
    select coalesce(lower(a.wait_event) in ('walreceivermain', 'walwrite', 'walsync', 'walinitwrite', 'walinitsync'), false)
      or w.last_msg_send_time <> w.last_msg_receipt_time
      or coalesce(lower(a.wait_event), '') not like 'libpq%' and a.backend_start < clock_timestamp() - interval '2 s'
    from pg_stat_wal_receiver w join pg_stat_activity a on a.pid = w.pid limit 1),
  'receiverHeardAgo', (select extract(epoch from clock_timestamp() - w.last_msg_receipt_time) from pg_stat_wal_receiver w limit 1),
  'slotName', current_setting('primary_slot_name', true),
  'standbys', (
    select coalesce(json_agg(json_build_object(
      'applicationName', s.application_name, 'clientAddress', host(s.client_addr), 'state', s.state, 'syncState', s.sync_state,
      'sentLsn', s.sent_lsn::text, 'flushLsn', s.flush_lsn::text, 'replayLsn', s.replay_lsn::text,
      'lagBytes', greatest(0, pg_wal_lsn_diff(r.lsn, s.replay_lsn)),
      'slotName', (select l.slot_name from pg_replication_slots l where l.active_pid = s.pid limit 1)
    ) order by s.application_name, s.pid), '[]') from pg_stat_replication s),
  'slots', (
    select coalesce(json_agg(json_build_object(
      'name', l.slot_name, 'kind', l.slot_type, 'isActive', l.active,
      'retainedBytes', case when (to_jsonb(l) ->> 'wal_status') is distinct from 'lost' then greatest(0, pg_wal_lsn_diff(r.lsn, l.restart_lsn)) end
    ) order by l.slot_name), '[]') from pg_replication_slots l),
  'activity', (
    select json_build_object('clients', count(*), 'transactions', count(a.xact_start),
      'longest', extract(epoch from clock_timestamp() - min(a.xact_start)))
    from pg_stat_activity a
    where a.backend_type = 'client backend' and a.application_name <> 'matriarch' and a.pid <> pg_backend_pid()),
  'maxConnections', current_setting('max_connections')::int,
  'canRewind', coalesce(current_setting('data_checksums', true) = 'on' or current_setting('wal_log_hints', true) = 'on', false),
  'pendingRestart', (select coalesce(json_agg(name order by name), '[]') from pg_settings where pending_restart)${isSuperuser ? superuserPart : ''}
) as probe
from (
  select pg_is_in_recovery() as is_in_recovery,
    case when pg_is_in_recovery() then coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end as lsn
) r`

const superuserPart = `,
  'primaryConninfo', current_setting('primary_conninfo', true),
  'hasStandbySignal', (pg_stat_file('standby.signal', true)).size is not null
    or coalesce(pg_read_file('recovery.conf', 0, 100000, true) ~* '(^|\\n)\\s*standby_mode\\s*=?\\s*''?(on|t|y|1)', false),
  'walTimeline', case when r.is_in_recovery and not exists (select from pg_stat_wal_receiver) then (
    select max(('x' || substr(f.name, 1, 8))::bit(32)::int) from pg_ls_waldir() f where f.name ~ '^[0-9A-F]{24}$') end,
  'history', case when not r.is_in_recovery then
    coalesce(pg_read_file('pg_wal/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.history', 0, 100000, true), '') end,
  'recoveryConf', pg_read_file('recovery.conf', 0, 100000, true),
  'postmasterPid', split_part(pg_read_file('postmaster.pid', 0, 100, true), E'\\n', 1)`

/** What the statement answers. */
export interface ProbeAnswer {
  isInRecovery: boolean
  versionNumber: number
  systemIdentifier: string
  clusterName?: string | null
  synchronousNames?: string | null
  controlTimeline: number
  recoveryTimeline: number
  walFile: string | null
  currentLsn: string | null
  receivedLsn: string | null
  replayedLsn: string | null
  replayedSecondsAgo: number | null
  isReplayPaused: boolean | null
  startedAt: string
  confLoadedAt: string
  receiver: Record<string, unknown> | null
  /**
   * The receiver waits for WAL or writes it, has had a message (it begins with one time for both ends of the last one), or is past its beginning. It calls
   * itself streaming before its upstream has even accepted the slot; one that works just then waits for nothing.
   */
  isReceiving?: boolean | null
  receiverHeardAgo?: number | null
  slotName: string | null
  standbys: Probe['standbys']
  slots: Probe['slots']
  activity: { clients: number; transactions: number; longest: number | null }
  maxConnections: number
  canRewind: boolean
  pendingRestart: string[]
  history?: string | null
  primaryConninfo?: string | null
  hasStandbySignal?: boolean
  walTimeline?: number | null
  recoveryConf?: string | null
  postmasterPid?: string | null
}

const iso = (text: string): string => new Date(text).toISOString()
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

export const probeOfAnswer = (answer: ProbeAnswer, observedAt: string): Probe => ({
  state: 'online',
  role: answer.isInRecovery ? 'standby' : 'primary',
  version: versionOfNumber(answer.versionNumber),
  systemIdentifier: answer.systemIdentifier,
  ...(answer.clusterName == null ? {} : { clusterName: answer.clusterName }),
  ...(answer.synchronousNames == null ? {} : { synchronousNames: answer.synchronousNames }),
  timeline: timelineOf(answer),
  controlState: answer.isInRecovery ? 'in archive recovery' : 'in production',
  hasStandbySignal: answer.hasStandbySignal ?? null,
  postmasterPid: answer.postmasterPid ? Number(answer.postmasterPid) : null,
  postmasterStartedAt: iso(answer.startedAt),
  confLoadedAt: iso(answer.confLoadedAt),
  currentLsn: answer.currentLsn,
  receivedLsn: answer.receivedLsn,
  replayedLsn: answer.replayedLsn,
  replaySeconds: replaySecondsOf(answer),
  replayedSecondsAgo: answer.replayedSecondsAgo,
  ...(answer.isReplayPaused === true ? { isReplayPaused: true } : {}),
  upstream: upstreamOf(answer),
  standbys: answer.standbys,
  slots: answer.slots,
  clients: answer.activity.clients,
  maxConnections: answer.maxConnections,
  activeTransactions: answer.activity.transactions,
  longestTransactionSeconds: answer.activity.longest,
  pendingRestart: answer.pendingRestart,
  canRewind: answer.canRewind,
  ...(answer.history == null ? {} : { forks: parseHistory(answer.history) }),
  because: null,
  observedAt,
})

/**
 * The control file tells it only from the next checkpoint on; the WAL being written or received tells it at once. A standby that has lost its upstream
 * before such a checkpoint has only its segments to tell.
 */
const timelineOf = ({ walFile, receiver, controlTimeline, recoveryTimeline, walTimeline }: ProbeAnswer): number => {
  if (walFile !== null) return Number.parseInt(walFile.slice(0, 8), 16)
  const received = typeof receiver?.received_tli === 'number' ? receiver.received_tli : 0
  return Math.max(received, controlTimeline, recoveryTimeline, walTimeline ?? 0)
}

const replaySecondsOf = ({ receivedLsn, replayedLsn, replayedSecondsAgo }: ProbeAnswer): number | null => {
  if (receivedLsn !== null && receivedLsn === replayedLsn) return 0
  return replayedSecondsAgo === null ? null : Math.max(0, replayedSecondsAgo)
}

const upstreamOf = (answer: ProbeAnswer): Probe['upstream'] => {
  if (!answer.isInRecovery) return null
  const { receiver } = answer
  const configured = parseConninfo(answer.primaryConninfo || confSetting(answer.recoveryConf ?? '', 'primary_conninfo') || '')
  const live = parseConninfo(text(receiver?.conninfo) ?? '')
  const host = text(receiver?.sender_host) ?? live.host ?? configured.host ?? null
  const port = typeof receiver?.sender_port === 'number' ? receiver.sender_port : Number(live.port ?? configured.port ?? 5432)
  const slotName = text(receiver?.slot_name) ?? text(answer.slotName) ?? confSetting(answer.recoveryConf ?? '', 'primary_slot_name')
  const claimed = text(receiver?.status)
  const status = claimed === 'streaming' && answer.isReceiving !== true ? 'starting' : claimed
  if (host === null && slotName === null && status === null) return null
  const heard = typeof answer.receiverHeardAgo === 'number' ? { messageSecondsAgo: Math.max(0, answer.receiverHeardAgo) } : {}
  return { host, port: host === null ? null : port, slotName, status, ...heard }
}

/** The state that a server which answers a login with an error is in. */
export const stateOfRefusal = (sqlstate: string, message: string): { state: Probe['state']; because: string } => {
  if (sqlstate === '57P03') {
    if (/shutting down/i.test(message)) return { state: 'stopping', because: message }
    return { state: 'starting', because: message }
  }
  return { state: 'refused', because: `The server refuses the console: ${message}` }
}

/** `150018` or `15.18 (Debian …)` as `15.18`; null when it says nothing. */
export const versionText = (versionOf: string): string | null => {
  const version = parsePgVersion(versionOf)
  return version === null ? null : version.minor === null ? version.major : `${version.major}.${version.minor}`
}
