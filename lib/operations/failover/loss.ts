import { estimateLoss } from '@/lib/domain/replication/candidates'
import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DataDirectorySeen, Probe, ReadPorts } from '@/lib/ports'
import { isDown, type Plain, probeTimeoutMs } from '../facts/instance'
import type { Peer } from '../facts/peers'

/** The furthest position that anybody has seen. `seenAt`: ISO time. */
export type LastKnown = { lsn: string; seenAt: string | null }

/** Of all that may have led. */
export const lastKnownOf = (suspects: readonly Peer[]): LastKnown | null =>
  suspects
    .flatMap(({ probe, standing }): LastKnown[] => {
      const lsn = probe.currentLsn ?? standing.lastLsn
      return lsn === null ? [] : [{ lsn, seenAt: probe.currentLsn ? probe.observedAt : standing.seenAt }]
    })
    .reduce<LastKnown | null>((most, one) => (most !== null && (lsnBytesBetween(most.lsn, one.lsn) ?? 1) <= 0 ? most : one), null)

/** A clean shutdown wrote the last record there is, and its place is on the disk; else the last position seen is all there is. */
export const lossOf = async (
  ports: ReadPorts,
  suspects: readonly Peer[],
  candidate: Plain<Probe>,
  lastKnown: LastKnown | null,
  context: GatherContext,
): Promise<number | null> => {
  const ends = await Promise.all(suspects.map((one) => endOf(ports, one, context)))
  const known = ends.filter((end) => end !== null)
  // One that lies there shut down says it all only where nobody else can have written after it.
  const marks = known.length === suspects.length && known.length > 0 ? known : [...known, ...(lastKnown === null ? [] : [lastKnown.lsn])]
  const losses = marks.map((lsn) => estimateLoss(candidate, lsn)).filter((bytes) => bytes !== null)
  return losses.length === 0 ? null : Math.max(...losses)
}

const endOf = async (ports: ReadPorts, { place, probe }: Peer, { signal }: GatherContext): Promise<string | null> => {
  if (!isDown(probe.state)) return null
  const disk: DataDirectorySeen | null = await ports.replication
    .dataDirectory(place.address, { timeoutMs: probeTimeoutMs, signal })
    .catch(() => null)
  signal.throwIfAborted()
  return disk?.controlState === 'shut down' ? disk.checkpointLsn : null
}
