import { isDown, isUp, type Place } from '../facts/instance'
import type { Peer } from '../facts/peers'

/** The member that the herd is to be failed over from. */
export type OldPrimary = {
  /** The member that takes writes, or would; where no primary is known, the last one that was to be promoted. null: not known. */
  old: Peer | null
  /** Where no primary is known: the member that `old` was to replace, by the record of a replacement. null: a primary is known. */
  recorded: Peer | null
}

const timelineOf = ({ probe, standing }: Peer): number => probe.timeline ?? standing.lastTimeline ?? 0

/** It takes writes, or would when started: by its role, by its files, or by its role when it was last seen. */
const wasPrimary = ({ probe, standing }: Peer): boolean => {
  if (probe.role !== 'unknown' || probe.hasStandbySignal === true) return probe.role === 'primary'
  return (
    probe.controlState === 'shut down' ||
    probe.controlState === 'in production' ||
    (probe.controlState === null && standing.lastRole === 'primary')
  )
}

const isStandby = ({ probe }: Peer): boolean => probe.state === 'online' && probe.role === 'standby'

/** The primary on the newest timeline that was not replaced; else by the newest record of a replacement. */
export const oldPrimaryOf = (peers: readonly Peer[]): OldPrimary => {
  const order = peers
    .filter((peer) => wasPrimary(peer) && peer.standing.replaced === null)
    .sort((a, b) => Number(isUp(b.probe.state)) - Number(isUp(a.probe.state)) || timelineOf(b) - timelineOf(a))
  return order[0] === undefined ? recordedPrimary(peers) : { old: order[0], recorded: null }
}

/**
 * The successor was lost before it was seen as primary, or was never primary. A member that answers as a standby is not primary; one that takes writes although
 * it was replaced is named, so that nothing is promoted beside it.
 */
const recordedPrimary = (peers: readonly Peer[]): OldPrimary => {
  const replaced = peers
    .filter(({ standing }) => standing.replaced !== null)
    .sort((a, b) => b.standing.replaced!.timeline - a.standing.replaced!.timeline)
  const writing = replaced.find(({ probe }) => probe.role === 'primary' && isUp(probe.state))
  if (writing !== undefined) return { old: writing, recorded: writing }
  for (const one of replaced) {
    const successor = peers.find(({ place }) => place.id === one.standing.replaced!.byId)
    if (successor !== undefined && !isStandby(successor)) return { old: successor, recorded: one }
    if (!isStandby(one)) return { old: one, recorded: one }
  }
  return { old: null, recorded: null }
}

/** Takes writes although it was replaced. */
export const writesReplaced = ({ old, recorded }: OldPrimary): boolean =>
  recorded !== null && old === recorded && old.probe.role === 'primary'

/** Every member that may have been promoted, or told to: only one where the primary is known. */
export const suspectsOf = ({ old, recorded }: OldPrimary, peers: readonly Peer[]): Peer[] => {
  if (old === null) return []
  if (recorded === null) return [old]
  return [old, ...peers.filter((peer) => peer !== old && !isStandby(peer) && peer.probe.state !== 'absent')]
}

/** Of them, beside the one itself: whom nobody can see, so that somebody must answer for it; and who lies there without standby.signal. */
export const othersOf = (suspects: readonly Peer[]): { unseen: string[]; bare: Place[] } => {
  const others = suspects.slice(1)
  return {
    unseen: others.filter(({ probe }) => !isDown(probe.state)).map(({ place }) => place.title),
    bare: others.filter(({ probe }) => isDown(probe.state) && probe.hasStandbySignal !== true).map(({ place }) => place),
  }
}
