import { synchronousAmong, synchronousCount } from '@/lib/domain/replication/synchronous-names'
import { standbyLimits } from '@/lib/domain/settings/parameter'
import { formatLsn } from '@/lib/domain/values/lsn'
import type { InstanceState, Probe } from '@/lib/ports'
import { upstreamOf as configuredUpstream, frozenUnder, isStreaming } from '../world/wal'
import { type MemoryInstance, postmasterOnly, type World } from '../world/world'

const nothingSeen = {
  role: 'unknown' as const,
  version: null,
  systemIdentifier: null,
  timeline: null,
  controlState: null,
  hasStandbySignal: null,
  postmasterPid: null,
  postmasterStartedAt: null,
  confLoadedAt: null,
  currentLsn: null,
  receivedLsn: null,
  replayedLsn: null,
  replaySeconds: null,
  upstream: null,
  standbys: [],
  slots: [],
  clients: null,
  maxConnections: null,
  activeTransactions: null,
  longestTransactionSeconds: null,
  pendingRestart: [],
}

export const unseenProbe = (world: World, state: InstanceState, because: string): Probe => ({
  ...nothingSeen,
  state,
  because,
  observedAt: world.clock.now().toISOString(),
})

export const isServing = (instance: MemoryInstance): boolean => instance.state === 'running' && instance.host.power === 'on'

export const pendingRestart = (instance: MemoryInstance): string[] =>
  [...postmasterOnly]
    .filter((name) => {
      const wanted = instance.altered[name] ?? instance.files[name]
      return wanted !== undefined && wanted !== instance.active[name]
    })
    .sort()

/** Those that stream from it just now. */
export const standbysOf = (world: World, upstream: MemoryInstance): MemoryInstance[] =>
  [...world.instances.values()].filter((one) => one.upstreamId === upstream.inventory.id && isStreaming(world, one))

/** Its commit waits for synchronous standbys of which too few stream, unless it waits for none. */
export const isHeldUp = (world: World, instance: MemoryInstance, sql: string): boolean => {
  const setting = instance.active.synchronous_standby_names ?? ''
  const streaming = standbysOf(world, instance).map((one) => one.inventory.address.host.hostname)
  return !sql.includes(`'synchronous_commit', 'local'`) && synchronousAmong(setting, streaming).length < synchronousCount(setting)
}

const controlStates: Record<MemoryInstance['state'], (isStandby: boolean) => string | null> = {
  running: (isStandby) => (isStandby ? 'in archive recovery' : 'in production'),
  starting: () => 'in crash recovery',
  stopping: () => 'shutting down',
  stopped: (isStandby) => (isStandby ? 'shut down in recovery' : 'shut down'),
  crashed: (isStandby) => (isStandby ? 'in archive recovery' : 'in production'),
  absent: () => null,
}

const becauseOf: Record<Exclude<MemoryInstance['state'], 'running'>, string> = {
  starting: 'the database system is starting up',
  stopping: 'the database system is shutting down',
  stopped: 'it was shut down',
  crashed: 'no postmaster runs, and the control file says it was not shut down cleanly',
  absent: 'there is no data directory',
}

const upstreamOf = (world: World, instance: MemoryInstance): Probe['upstream'] => {
  const upstream = configuredUpstream(world, instance)
  if (!instance.hasStandbySignal || upstream === undefined) return null
  const { host, port } = upstream.inventory.address
  return {
    host: host.address,
    port,
    slotName: instance.slotName,
    // A host the console cannot reach may still be there for its standbys: only a powered-off or stopped upstream stops sending.
    ...(instance.receiver !== 'reads'
      ? { status: 'streaming', messageSecondsAgo: 60 }
      : isStreaming(world, instance)
        ? { status: 'streaming', messageSecondsAgo: 0 }
        : { status: null }),
  }
}

const downStates: ReadonlySet<MemoryInstance['state']> = new Set(['stopped', 'crashed'])

export const controlStateOf = (instance: MemoryInstance): string | null =>
  controlStates[instance.state](downStates.has(instance.state) ? instance.ranAsStandby : instance.hasStandbySignal)

const endOf = ({ checkpointBytes, walBytes, ranAsStandby }: MemoryInstance): Probe['ended'] => ({
  checkpointLsn: formatLsn(BigInt(checkpointBytes)),
  minRecoveryLsn: ranAsStandby ? formatLsn(BigInt(walBytes)) : null,
})

/** The primary's WAL says more than this one runs with: from 14 on it stops replaying there until it is restarted. */
const stopsReplaying = (world: World, standby: MemoryInstance): boolean => {
  if (standby.hasStandbySignal && standby.isAtTarget) return true
  if (!standby.hasStandbySignal || !isStreaming(world, standby)) return false
  let top = configuredUpstream(world, standby)
  for (let depth = 0; top?.hasStandbySignal && depth < world.instances.size; depth += 1) top = configuredUpstream(world, top)
  return top !== undefined && standbyLimits.some((name) => Number(standby.active[name]) < Number(top.active[name]))
}

/** One look at a host that answers. */
export const probeOf = (world: World, instance: MemoryInstance): Probe => {
  const isStandby = instance.hasStandbySignal
  const seen: Probe = {
    ...unseenProbe(world, 'unknown', ''),
    version: instance.version,
    systemIdentifier: instance.systemIdentifier,
    timeline: instance.timeline,
    controlState: controlStateOf(instance),
    hasStandbySignal: isStandby,
    canRewind: true,
  }
  if (instance.state === 'absent') return unseenProbe(world, 'absent', becauseOf.absent)
  if (instance.state !== 'running') {
    const hasPostmaster = instance.state === 'starting' || instance.state === 'stopping'
    return {
      ...seen,
      state: instance.state,
      because: becauseOf[instance.state],
      postmasterPid: hasPostmaster ? instance.pid : null,
      ...(hasPostmaster ? {} : { ended: endOf(instance) }),
    }
  }
  if (instance.refusesLogin)
    return { ...seen, state: 'refused', postmasterPid: instance.pid, because: 'the server refuses the login of “postgres”' }
  const lsn = formatLsn(BigInt(instance.walBytes))
  const senders = [...standbysOf(world, instance), ...frozenUnder(world, instance)]
  const { cluster_name: clusterName, synchronous_standby_names: synchronousNames } = instance.active
  return {
    ...seen,
    ...(clusterName ? { clusterName } : {}),
    ...(synchronousNames ? { synchronousNames } : {}),
    state: 'online',
    role: isStandby ? 'standby' : 'primary',
    because: null,
    postmasterPid: instance.pid,
    postmasterStartedAt: instance.startedAt,
    confLoadedAt: instance.confLoadedAt,
    currentLsn: isStandby ? null : lsn,
    receivedLsn: isStandby ? lsn : null,
    replayedLsn: isStandby ? lsn : null,
    replaySeconds: isStandby ? 0 : null,
    ...(stopsReplaying(world, instance) ? { isReplayPaused: true as const } : {}),
    upstream: upstreamOf(world, instance),
    slots: instance.slots.map((name) => {
      const isActive = senders.some((one) => one.slotName === name)
      return { name, kind: 'physical' as const, isActive, retainedBytes: 0 }
    }),
    standbys: senders.map((one) => {
      const at = formatLsn(BigInt(one.walBytes))
      return {
        applicationName: one.inventory.address.host.hostname,
        clientAddress: one.inventory.address.host.address,
        state: 'streaming',
        syncState: 'async',
        sentLsn: at,
        flushLsn: at,
        replayLsn: at,
        lagBytes: instance.walBytes - one.walBytes,
        slotName: one.slotName,
      }
    }),
    clients: instance.clients,
    maxConnections: Number(instance.active.max_connections),
    activeTransactions: instance.activeTransactions,
    longestTransactionSeconds: instance.activeTransactions > 0 ? 1 : null,
    pendingRestart: pendingRestart(instance),
    ...(isStandby ? {} : { forks: instance.forks.map(({ timeline, bytes }) => ({ timeline, forkLsn: formatLsn(BigInt(bytes)) })) }),
  }
}
