import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { isDown, isUp, probeTimeoutMs } from '../facts/instance'
import { followingTo, isUnder, type Peer } from '../facts/peers'

/** `of`: who lives. `heardSecondsAgo` null: it gets an answer now. */
export type LifeSign = { title: string; of: string; because: string; heardSecondsAgo: number | null }

/**
 * A message this fresh means that the sender lives, however the console's own way to it is broken. An idle primary says nothing by itself: it is heard when
 * its standby asks, after half of wal_receiver_timeout, which is 30 s unless somebody has changed it.
 */
export const messageMaxSeconds = 35

/** A possible primary that runs, as its own host says, though it does not answer the console. */
export type Running = { title: string; because: string }

export const runningOf = (suspects: readonly Peer[]): Running[] =>
  suspects
    .filter(({ probe }) => isUp(probe.state) || probe.postmasterPid !== null)
    .map(({ place, probe }) => ({
      title: place.title,
      because: probe.because ?? `it is ${probe.state}${probe.postmasterPid === null ? '' : ` (process ${probe.postmasterPid})`}`,
    }))

/** Asks every standby that answers whether it still hears the possible primaries, and whether it can reach them. */
export const searchLife = async (
  ports: ReadPorts,
  suspects: readonly Peer[],
  peers: readonly Peer[],
  context: GatherContext,
): Promise<LifeSign[]> => {
  const standbys = peers.filter((peer) => !suspects.includes(peer) && peer.probe.state === 'online' && peer.probe.role === 'standby')
  const pairs = suspects.filter(({ probe }) => !isDown(probe.state)).flatMap((one) => standbys.map((standby) => [one, standby] as const))
  const signs = await Promise.all(pairs.map(([one, standby]) => signOf(ports, one, standby, peers, context)))
  return signs.filter((sign) => sign !== null)
}

const signOf = async (
  ports: ReadPorts,
  { place }: Peer,
  standby: Peer,
  peers: readonly Peer[],
  { signal }: GatherContext,
): Promise<LifeSign | null> => {
  const about = { title: standby.place.title, of: place.title }
  const { upstream } = standby.probe
  const heard = upstream?.messageSecondsAgo
  const isHeard = upstream?.status === 'streaming' && isUnder(standby.probe, place) && heard != null && heard <= messageMaxSeconds
  try {
    const answer = await ports.replication.tryReplication(standby.place.address, followingTo(place, standby, peers), {
      timeoutMs: probeTimeoutMs / 2,
      signal,
    })
    if (answer.works) return { ...about, because: `it reaches ${place.title} and gets an answer`, heardSecondsAgo: null }
    if (answer.isAnswered)
      return {
        ...about,
        because: `it reaches ${place.title}, which turns it away: ${answer.because.replace(/^.* failed: /, '').replace(/\.$/, '')}`,
        heardSecondsAgo: null,
      }
  } catch {
    signal.throwIfAborted()
  }
  return isHeard ? { ...about, because: `it heard from ${place.title} ${Math.round(heard)} s ago`, heardSecondsAgo: heard } : null
}
