import type { MemoryInstance, World } from './world'

/** A shutdown checkpoint, and what a promotion writes: as long as PostgreSQL's. */
export const recordBytes = 0x78

export const serves = (instance: MemoryInstance): boolean => instance.state === 'running' && instance.host.power !== 'off'

/** Its walsenders outlive everybody else in a shutdown. */
const sends = (instance: MemoryInstance): boolean => serves(instance) || (instance.state === 'stopping' && instance.host.power !== 'off')

/** The upstream in the standby's configuration; undefined: none, or no server of this world. */
export const upstreamOf = (world: World, instance: MemoryInstance): MemoryInstance | undefined =>
  instance.upstreamId === null ? undefined : world.instances.get(instance.upstreamId)

/** The position up to which `timeline` is part of the server's own history; null: it is not. */
const forkBytesOf = (server: MemoryInstance, timeline: number): number | null =>
  server.forks.find((fork) => fork.timeline === timeline)?.bytes ?? null

/** WAL flows: the upstream serves, is of the same system, has the slot that is asked for, and has not left the standby's history behind. */
export const isStreaming = (world: World, standby: MemoryInstance): boolean => {
  const upstream = upstreamOf(world, standby)
  if (upstream === undefined || !standby.hasStandbySignal || !serves(standby) || !sends(upstream) || standby.isCut) return false
  if (standby.receiver !== 'reads') return false
  if (standby.systemIdentifier !== upstream.systemIdentifier) return false
  if (standby.slotName !== null && !upstream.slots.includes(standby.slotName)) return false
  if (standby.timeline === upstream.timeline) return upstream.walBytes >= standby.walBytes
  const fork = forkBytesOf(upstream, standby.timeline)
  return standby.timeline < upstream.timeline && fork !== null && standby.walBytes <= fork
}

/** Lets WAL reach the streaming standbys, down the cascades. Called after every act. */
export const flow = (world: World): void => {
  for (let round = 0; round < world.instances.size; round += 1)
    for (const standby of world.instances.values()) {
      if (!isStreaming(world, standby)) continue
      const upstream = upstreamOf(world, standby)!
      standby.walBytes = upstream.walBytes
      standby.timeline = upstream.timeline
      standby.forks = [...upstream.forks]
    }
}

/** The last record of a primary that is shut down: its standbys get it before the server ends. */
export const writeShutdown = (world: World, instance: MemoryInstance): void => {
  instance.checkpointBytes = instance.walBytes
  if (instance.hasStandbySignal) return
  instance.walBytes += recordBytes
  flow(world)
}

export const startTimeline = (instance: MemoryInstance): void => {
  instance.forks = [...instance.forks, { timeline: instance.timeline, bytes: instance.walBytes }]
  instance.timeline += 1
  instance.hasStandbySignal = false
  instance.isAtTarget = false
  instance.walBytes += recordBytes
}

/** Those that its walsenders still send to although they take nothing. */
export const frozenUnder = (world: World, upstream: MemoryInstance): MemoryInstance[] =>
  [...world.instances.values()].filter((one) => one.upstreamId === upstream.inventory.id && one.receiver === 'frozen' && !one.isCut)

/** What fits between a walsender and a receiver that takes nothing: a shutdown waits only for what does not. */
const socketBytes = 4 * 2 ** 20

export const senderTimeoutMs = ({ active }: MemoryInstance): number => Number.parseFloat(active.wal_sender_timeout ?? '60s') * 1000

/** A fast shutdown writes its checkpoint only once each walsender has sent all or has given up. Answers for how long that takes, ms. */
export const heldUpMs = (world: World, instance: MemoryInstance): number =>
  frozenUnder(world, instance).some(({ walBytes }) => instance.walBytes - walBytes > socketBytes) ? senderTimeoutMs(instance) : 0

/** wal_sender_timeout has passed. */
export const dropFrozen = (world: World, upstream: MemoryInstance): void => {
  for (const one of frozenUnder(world, upstream)) one.receiver = 'dropped'
}

/** It goes on, finds its connection closed, and follows whom its files say. */
export const thaw = (world: World, instance: MemoryInstance): void => {
  instance.receiver = 'reads'
  applyFollowing(world, instance)
  flow(world)
}

/** What the files say takes effect: at a start, and from 13 on at a reload; a receiver that is frozen does not end, so nothing comes after it. */
export const applyFollowing = (world: World, instance: MemoryInstance): void => {
  if (instance.following === null || instance.receiver !== 'reads') return
  const { conninfo, slotName } = instance.following
  const upstream = [...world.instances.values()].find(
    ({ inventory: { address } }) => conninfo.host === address.host.address && (conninfo.port ?? '5432') === String(address.port),
  )
  instance.upstreamId = upstream?.inventory.id ?? null
  instance.slotName = slotName
}
