import { type CandidateFacts, estimateLoss } from '@/lib/domain/replication/candidates'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DataDirectorySeen, ReadPorts } from '@/lib/ports'
import { isDown, probeTimeoutMs } from '../facts/instance'
import type { Peer } from '../facts/peers'

/** The furthest position that anybody has seen. `seenAt`: ISO time. `isReported`: only its host's agent says so. */
export type LastKnown = { lsn: string; timeline: number | null; seenAt: string | null; isReported: boolean }
export type Forks = NonNullable<CandidateFacts['forks']>

/** Of all that may have been primary: on the newest timeline, since positions on two cannot be compared. */
export const lastKnownOf = (suspects: readonly Peer[]): LastKnown | null =>
  suspects
    .flatMap(({ probe, standing }): LastKnown[] => {
      const [lsn, timeline] = [probe.currentLsn ?? standing.lastLsn, probe.timeline ?? standing.lastTimeline]
      return lsn === null
        ? []
        : [
            {
              lsn,
              timeline,
              seenAt: probe.currentLsn ? probe.observedAt : standing.seenAt,
              isReported: !probe.currentLsn && standing.isReported,
            },
          ]
    })
    .reduce<LastKnown | null>((most, one) => (most === null || isFurther(one, most) ? one : most), null)

const isFurther = (one: LastKnown, most: LastKnown): boolean => {
  const [ours, theirs] = [one.timeline ?? 0, most.timeline ?? 0]
  return ours === theirs ? (lsnBytesBetween(most.lsn, one.lsn) ?? 0) > 0 : ours > theirs
}

/** The history of each standby that is on a later timeline than the herd, by id. */
export const forksOf = async (
  ports: ReadPorts,
  peers: readonly Peer[],
  timeline: number | null,
  { signal }: GatherContext,
): Promise<ReadonlyMap<string, Forks>> => {
  const later = peers.filter(({ probe }) => probe.state === 'online' && timeline !== null && (probe.timeline ?? 0) > timeline)
  const read = async ({ place, probe }: Peer): Promise<[string, Forks]> => {
    try {
      return [place.id, await ports.replication.history(place.address, probe.timeline!, { timeoutMs: probeTimeoutMs, signal })]
    } catch (error) {
      signal.throwIfAborted()
      if (!isFault(error)) throw error
      return [place.id, 'unread']
    }
  }
  return new Map(await Promise.all(later.map(read)))
}

/** A clean shutdown wrote the last record there is, and its place is on the disk; else the last position seen is all there is. */
export const lossOf = async (
  ports: ReadPorts,
  suspects: readonly Peer[],
  { place, probe }: Peer,
  lastKnown: LastKnown | null,
  forks: ReadonlyMap<string, Forks>,
  context: GatherContext,
): Promise<number | null> => {
  const ends = await Promise.all(suspects.map((one) => endOf(ports, one, context)))
  const known = ends.filter((end) => end !== null)
  // One that lies there shut down says it all only where nobody else can have written after it.
  const marks = known.length === suspects.length && known.length > 0 ? known : [...known, ...(lastKnown === null ? [] : [lastKnown])]
  const losses = marks.map((mark) => estimateLoss({ ...probe, forks: forks.get(place.id) }, mark))
  // What is not known of one of them is not known of all.
  return losses.length === 0 || losses.includes(null) ? null : Math.max(...losses.map((bytes) => bytes!))
}

type End = Pick<LastKnown, 'lsn' | 'timeline'>

const endOf = async (ports: ReadPorts, { place, probe }: Peer, { signal }: GatherContext): Promise<End | null> => {
  if (!isDown(probe.state)) return null
  const disk: DataDirectorySeen | null = await ports.replication
    .dataDirectory(place.address, { timeoutMs: probeTimeoutMs, signal })
    .catch(() => null)
  signal.throwIfAborted()
  return disk?.controlState === 'shut down' && disk.checkpointLsn !== null ? { lsn: disk.checkpointLsn, timeline: disk.timeline } : null
}
