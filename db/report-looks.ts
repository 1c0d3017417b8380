import type { AgentInstance } from '@/lib/fields/agent-report'
import type { Probe } from '@/lib/ports'
import type { Look } from './facts'
import type { StoredInstance, StoredReport } from './reports'

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

/** Looks at the instances that are registered. */
export const looksOf = (stored: readonly StoredReport[], rows: readonly StoredInstance[]): Look[] => {
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
