import { followLines, promoteCommand } from '@/lib/domain/replication/conf'
import { formatLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InstanceAddress } from '@/lib/ports'
import type { ReplicationAct, ReplicationRead } from '@/lib/ports/replication'
import { type Calls, perform } from '../world/calls'
import { dropFrozen, flow, frozenUnder, senderTimeoutMs, serves, startTimeline } from '../world/wal'
import { type MemoryInstance, type World, watchPrimaries } from '../world/world'
import { find, reached } from './instances'
import { controlStateOf, isServing, standbysOf } from './probe'
import { memoryTakeoverAct, memoryTakeoverRead } from './takeover'

const lsn = (bytes: number) => formatLsn(BigInt(bytes))

export const memoryReplicationRead = (world: World): ReplicationRead => ({
  ...memoryTakeoverRead(world),
  dataDirectory: async (address, options) => {
    const instance = await reached(world, address, options)
    if (instance.state === 'absent') return { ...noDirectory }
    return {
      ...noDirectory,
      state: 'cluster',
      major: address.major,
      controlState: controlStateOf(instance),
      systemIdentifier: instance.systemIdentifier,
      timeline: instance.timeline,
      checkpointLsn: lsn(instance.checkpointBytes),
      minRecoveryLsn: instance.ranAsStandby ? lsn(instance.walBytes) : null,
      hasChecksums: true,
      logsHints: true,
      isStandby: instance.hasStandbySignal,
      following: instance.following,
      holdsPassword: instance.holdsPassword,
      slots: [...instance.slots].sort(),
      freeBytes: instance.freeBytes,
    }
  },
  history: async (address, timeline, options) => {
    const instance = await reached(world, address, options)
    return instance.forks.filter((fork) => fork.timeline < timeline).map((fork) => ({ timeline: fork.timeline, forkLsn: lsn(fork.bytes) }))
  },
  synchronousSetting: async (address, options) => {
    const instance = await reached(world, address, options)
    mustServe(instance)
    const name = 'synchronous_standby_names'
    return { names: instance.active[name] ?? '', altered: instance.altered[name] ?? null }
  },
  senderTimeoutSetting: async (address, options) => {
    const instance = await reached(world, address, options)
    mustServe(instance)
    return { ms: senderTimeoutMs(instance), mayAlter: true, altered: instance.altered.wal_sender_timeout ?? null }
  },
  tryReplication: async (address, { conninfo }, options) => {
    const instance = await reached(world, address, options)
    const upstream = serverAt(world, conninfo)
    if (upstream === undefined || !serves(upstream) || instance.isCut)
      return { works: false, because: `connection to server at "${conninfo.host}", port ${conninfo.port} failed`, isAnswered: false }
    if (!instance.host.passwords.has(conninfo.user ?? ''))
      return { works: false, because: 'fe_sendauth: no password supplied', isAnswered: true }
    return { works: true, systemIdentifier: upstream.systemIdentifier, timeline: upstream.timeline, lsn: lsn(upstream.walBytes) }
  },
  commands: {
    promote: ({ major, dataDirectory }) => [promoteCommand(major, dataDirectory)],
    follow: (_address, following) => followLines(following),
  },
})

export const serverAt = (world: World, conninfo: Readonly<Record<string, string>>): MemoryInstance | undefined =>
  [...world.instances.values()].find(
    (one) => one.inventory.address.host.address === conninfo.host && String(one.inventory.address.port) === (conninfo.port ?? '5432'),
  )

const noDirectory = {
  state: 'absent' as const,
  major: null,
  controlState: null,
  systemIdentifier: null,
  timeline: null,
  checkpointLsn: null,
  minRecoveryLsn: null,
  hasChecksums: null,
  logsHints: null,
  isStandby: null,
  following: null,
  holdsPassword: false,
  slots: [],
  walDirectory: null,
  tablespaces: [],
  bytes: null,
  freeBytes: null,
}

export const memoryReplicationAct = (world: World, calls: Calls): ReplicationAct => {
  const act = (address: InstanceAddress, name: string, options: CallOptions, action: (instance: MemoryInstance) => void): Promise<void> => {
    const instance = find(world, address)
    return perform(calls, world.clock, instance.host, { act: name, target: instance.inventory.title }, options, () => {
      action(instance)
      instance.applied.push(name)
      flow(world)
      watchPrimaries(world)
    })
  }
  return {
    ...memoryTakeoverAct(world, calls),
    promote: (address, options) =>
      act(address, 'promote', options, (instance) => {
        mustServe(instance)
        if (!instance.hasStandbySignal) throw failed('recovery is not in progress')
        startTimeline(instance)
      }),
    follow: (address, following, options) =>
      act(address, following === null ? 'fence' : 'follow', options, (instance) => {
        if (instance.state === 'absent') throw failed('the data directory does not exist')
        if (following !== null && instance.holdsPassword) throw failed('primary_conninfo holds a password, which would be lost')
        // standby.signal means nothing to a primary that runs; it would at its next start, which the twin does not tell apart.
        if (!instance.hasStandbySignal && instance.state === 'running') {
          world.violations.push(`standby.signal was written under ${instance.inventory.title}, which takes writes`)
          throw failed('standby.signal was written under a running primary')
        }
        if (following !== null) instance.following = structuredClone(following)
        instance.hasStandbySignal = true
      }),
    clearStandbySignal: (address, options) =>
      act(address, 'clearStandbySignal', options, (instance) => {
        if (instance.state !== 'stopped' && instance.state !== 'crashed') throw failed('the server runs')
        instance.hasStandbySignal = false
      }),
    setSynchronous: (address, altered, options) =>
      act(address, 'set synchronous', options, (instance) => {
        mustServe(instance)
        const { synchronous_standby_names: _old, ...others } = instance.altered
        instance.altered = altered === null ? others : { ...others, synchronous_standby_names: altered }
        instance.active.synchronous_standby_names = altered ?? instance.files.synchronous_standby_names ?? ''
      }),
    setSenderTimeout: (address, altered, { isLoaded, ...options }) =>
      act(address, 'set sender timeout', options, (instance) => {
        mustServe(instance)
        const { wal_sender_timeout: _old, ...others } = instance.altered
        instance.altered = altered === null ? others : { ...others, wal_sender_timeout: altered }
        if (!isLoaded) return
        const before = senderTimeoutMs(instance)
        instance.active.wal_sender_timeout = altered ?? instance.files.wal_sender_timeout ?? '60s'
        instance.confLoadedAt = world.clock.stamp()
        if (senderTimeoutMs(instance) < before) dropFrozen(world, instance)
      }),
    createSlot: (address, name, options) =>
      act(address, `create slot ${name}`, options, (instance) => {
        mustServe(instance)
        if (instance.slots.includes(name)) throw refused(`replication slot "${name}" already exists`)
        instance.slots.push(name)
      }),
    dropSlot: (address, name, options) =>
      act(address, `drop slot ${name}`, options, (instance) => {
        mustServe(instance)
        if (!instance.slots.includes(name)) throw refused(`replication slot "${name}" does not exist`)
        if (isActive(world, instance, name)) throw refused(`replication slot "${name}" is active`)
        instance.slots = instance.slots.filter((slot) => slot !== name)
      }),
  }
}

/** A standby streams through it just now. */
export const isActive = (world: World, upstream: MemoryInstance, slot: string): boolean =>
  [...standbysOf(world, upstream), ...frozenUnder(world, upstream)].some((one) => one.slotName === slot)

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })
const refused = (because: string) => new Fault('sql.failed', { because, isOver: true })
const mustServe = (instance: MemoryInstance) => {
  if (!isServing(instance) || instance.refusesLogin)
    throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept connections.`, isOver: true })
}
