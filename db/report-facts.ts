import type { AgentInstance } from '@/lib/fields/agent-report'
import type { Probe } from '@/lib/ports'
import { type Look, writeLooks } from './facts'
import type { StoredInstance, StoredReport } from './reports'
import type { Queryable } from './transaction'

/** Host facts beside the server's own, which the observer writes: what an agent sees never decides whether a server is reachable. */
const storeServers = {
  name: 'report-servers',
  text: `update servers s set agent_seen_at = greatest(s.agent_seen_at, t.at), os = coalesce(t.os, s.os), load_per_cpu = coalesce(t.load, s.load_per_cpu),
      memory_bytes = coalesce(t.memory, s.memory_bytes), disk_free_bytes = coalesce(t.disk, s.disk_free_bytes),
      clock_offset_seconds = coalesce(t.clock, s.clock_offset_seconds)
    from jsonb_to_recordset($1::jsonb) as t(id uuid, at timestamptz, os text, load float8, memory bigint, disk bigint, clock float8)
    where s.id = t.id and (s.agent_seen_at is null or s.agent_seen_at <= t.at)`,
}

const serverRow = ({ serverId, observedAt, receivedAt, ageSeconds, report }: StoredReport) => {
  const { os, cpus, load1, memoryBytes } = report.host
  const free = report.instances.flatMap(({ dataFreeBytes, walFreeBytes }) =>
    [dataFreeBytes, walFreeBytes].filter((bytes) => bytes !== null),
  )
  return {
    id: serverId,
    at: observedAt,
    os,
    load: load1 === null ? null : load1 / (cpus ?? 1),
    memory: memoryBytes === null ? null : Math.round(memoryBytes),
    disk: free.length > 0 ? Math.round(Math.min(...free)) : null,
    // By how much the host's clock is ahead of ours; the way here is part of it, so whole seconds are what it is good for.
    clock: report.sentAt === null ? null : Math.round(report.sentAt - (receivedAt.getTime() / 1000 - ageSeconds)),
  }
}

const momentOf = (seconds: number | null): string | null => (seconds === null ? null : new Date(seconds * 1000).toISOString())

/** The same look as the observer's, as far as an agent tells. What it does not tell is null, never guessed. */
const probeOf = (one: AgentInstance, observedAt: string): Probe => ({
  state: one.state,
  role: one.role,
  version: one.version,
  systemIdentifier: one.systemIdentifier,
  timeline: one.timeline,
  controlState: one.controlState,
  hasStandbySignal: one.hasStandbySignal,
  postmasterPid: null,
  postmasterStartedAt: momentOf(one.startedAt),
  confLoadedAt: null,
  currentLsn: one.currentLsn,
  receivedLsn: one.receivedLsn,
  replayedLsn: one.replayedLsn,
  replaySeconds: one.replaySeconds,
  replayedSecondsAgo: one.replayedSecondsAgo,
  upstream: one.upstream && {
    host: one.upstream.host,
    port: one.upstream.port,
    slotName: one.upstream.slotName,
    status: one.upstream.status,
  },
  standbys: (one.standbys ?? []).map((standby) => ({
    applicationName: standby.applicationName ?? '',
    clientAddress: standby.clientAddress,
    state: standby.state ?? '',
    syncState: standby.syncState ?? '',
    sentLsn: standby.sentLsn,
    flushLsn: standby.flushLsn,
    replayLsn: standby.replayLsn,
    lagBytes: null,
    slotName: standby.slotName,
  })),
  slots: (one.slots ?? []).map(({ name, kind, isActive, retainedBytes }) => ({
    name,
    kind: kind === 'logical' ? 'logical' : 'physical',
    isActive: isActive ?? false,
    retainedBytes,
  })),
  clients: one.clients,
  maxConnections: one.maxConnections,
  activeTransactions: null,
  longestTransactionSeconds: null,
  pendingRestart: one.pendingRestart ?? [],
  because: one.because,
  observedAt,
})

const looksOf = (stored: readonly StoredReport[], rows: readonly StoredInstance[]): Look[] => {
  const registered = new Map(
    rows.flatMap(({ hostId, name, port, instanceId }) => (instanceId ? [[`${hostId} ${port} ${name}`, instanceId] as const] : [])),
  )
  if (registered.size === 0) return []
  return stored.flatMap(({ hostId, serverId, observedAt, report }) =>
    // Facts of a registered instance come from its registered host alone.
    serverId === null
      ? []
      : report.instances.flatMap((one): Look[] => {
          const instanceId = registered.get(`${hostId} ${one.port} ${one.name}`)
          return instanceId ? [{ instanceId, probe: probeOf(one, observedAt.toISOString()), source: 'agent' }] : []
        }),
  )
}

/** What is known of registered servers and instances, from the reports of their hosts, in the caller's transaction. */
export const writeAgentFacts = async (
  client: Queryable,
  stored: readonly StoredReport[],
  rows: readonly StoredInstance[],
): Promise<void> => {
  const servers = stored.filter(({ serverId }) => serverId !== null)
  if (servers.length > 0) await client.query({ ...storeServers, values: [JSON.stringify(servers.map(serverRow))] })
  await writeLooks(client, looksOf(stored, rows))
}
