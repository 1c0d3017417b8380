import type { MemoryInstance, World } from './world'

/** A shutdown checkpoint, and what a promotion writes: as long as PostgreSQL's. */
const recordBytes = 0x78

export const serves = (instance: MemoryInstance): boolean => instance.state === 'running' && instance.host.power !== 'off'

/** The upstream in the standby's configuration; undefined: none, or no server of this world. */
export const upstreamOf = (world: World, instance: MemoryInstance): MemoryInstance | undefined =>
  instance.upstreamId === null ? undefined : world.instances.get(instance.upstreamId)

/** The position up to which `timeline` is part of the server's own history; null: it is not. */
const forkBytesOf = (server: MemoryInstance, timeline: number): number | null =>
  server.forks.find((fork) => fork.timeline === timeline)?.bytes ?? null

/** WAL flows: the upstream serves, is of the same system, has the slot that is asked for, and has not left the standby's history behind. */
export const isStreaming = (world: World, standby: MemoryInstance): boolean => {
  const upstream = upstreamOf(world, standby)
  if (upstream === undefined || !standby.hasStandbySignal || !serves(standby) || !serves(upstream) || standby.isCut) return false
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
  instance.walBytes += recordBytes
}

/** What the files say takes effect: at a start, and from 13 on at a reload. */
export const applyFollowing = (world: World, instance: MemoryInstance): void => {
  if (instance.following === null) return
  const { conninfo, slotName } = instance.following
  const upstream = [...world.instances.values()].find(
    ({ inventory: { address } }) => conninfo.host === address.host.address && (conninfo.port ?? '5432') === String(address.port),
  )
  instance.upstreamId = upstream?.inventory.id ?? null
  instance.slotName = slotName
}
