import { synchronousNames } from '@/lib/domain/replication/synchronous-names'
import type { Follower } from '@/lib/domain/replication/who-may-follow'
import { wishedConninfo } from '@/lib/domain/replication/wish'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DataDirectorySeen, Following, InventoryInstance, MemberStanding, Probe, ReadPorts } from '@/lib/ports'
import type { OldSlot } from '../steps/replication/drop-old-slot'
import { commandsOf, isDown, isUp, type Place, type Plain, probeTimeoutMs } from './instance'

/** A member of the herd with what was seen of it just now. */
export type Peer = {
  place: Place
  probe: Plain<Probe>
  standing: Plain<MemberStanding>
  /** How it follows now; null: it does not, or that could not be read. */
  following: Plain<Following> | null
  /** What its files say of its upstream, also where it is the primary or is down; null: nothing, or they could not be read. */
  files: { isStandby: boolean | null; following: Plain<Following> | null } | null
  /** Its connection string cannot be written again. */
  holdsPassword: boolean
}

/** Standing of a member that the console does not list (it was just added): nothing is known. */
const nothingKnown = (id: string): MemberStanding => ({
  id,
  site: '',
  failoverPriority: 0,
  lastRole: 'unknown',
  lastTimeline: null,
  lastLsn: null,
  seenAt: null,
  isReported: false,
  isUnreachable: false,
  replaced: null,
})

/** Enough for a host that has come back; for one that is still gone, nobody waits longer during an outage. */
const knownGoneTimeoutMs = 3_000

/** Every member, all looked at at once; one that the observer knows as unreachable gets less time to answer. */
export const gatherPeers = async (
  ports: ReadPorts,
  herdId: string,
  standings: readonly MemberStanding[],
  context: GatherContext,
): Promise<Peer[]> => {
  const members = await ports.inventory.herdInstances(herdId)
  return Promise.all(
    members.map(async (member): Promise<Peer> => {
      const standing = standings.find((one) => one.id === member.id) ?? nothingKnown(member.id)
      const timeoutMs = standing.isUnreachable ? knownGoneTimeoutMs : probeTimeoutMs
      const probe = await ports.postgres.probe(member.address, { timeoutMs, signal: context.signal })
      const disk = probe.state === 'online' || isDown(probe.state) ? await diskOf(ports, member, context.signal) : null
      const following = probe.role === 'standby' ? (disk?.following ?? null) : null
      const place = { ...member, commands: commandsOf(ports.postgres, member, 'fast') }
      const files = disk && { isStandby: disk.isStandby, following: disk.following }
      return { place, probe, standing, following, files, holdsPassword: disk?.holdsPassword === true }
    }),
  )
}

const diskOf = async (ports: ReadPorts, member: InventoryInstance, signal: AbortSignal): Promise<DataDirectorySeen | null> => {
  try {
    return await ports.replication.dataDirectory(member.address, { timeoutMs: probeTimeoutMs, signal })
  } catch {
    signal.throwIfAborted()
    return null
  }
}

/** Slot names are small letters, digits and underscores, 63 at most. */
export const slotNameOf = (place: Place): string =>
  place.address.host.hostname
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 63)

/** How `follower` would follow `upstream`: as the herd's standbys do now and as the herd wishes, with the upstream's address, through a slot of its own. */
export const followingTo = (upstream: Place, follower: Pick<Peer, 'place' | 'following'>, peers: readonly Peer[]): Plain<Following> => {
  const example = follower.following ?? peers.find((peer) => peer.following !== null)?.following ?? null
  const { hostaddr: _gone, ...kept } = example?.conninfo ?? { user: 'replicator' }
  const wished = upstream.replication ? wishedConninfo(upstream.replication, follower.place.address.host.hostname) : {}
  return {
    conninfo: {
      ...kept,
      host: upstream.address.host.address,
      port: String(upstream.address.port),
      application_name: nameUnder(upstream, follower, peers),
      ...wished,
    },
    slotName: follower.following?.slotName ?? slotNameOf(follower.place),
  }
}

/** Commits may wait for it by name: the one that it has; where it never had any, the one that its new upstream or the rest of the herd expects. */
const nameUnder = (upstream: Place, follower: Pick<Peer, 'place' | 'following'>, peers: readonly Peer[]): string => {
  const own = peers.find(({ place }) => place.id === follower.place.id)
  const written = follower.following?.conninfo.application_name ?? own?.files?.following?.conninfo.application_name
  return written ?? nameSeen(follower, peers) ?? clusterNameUnder(upstream, own, peers) ?? slotNameOf(follower.place)
}

/** Its `cluster_name`, by which it would be listed of itself; null: it is not expected by that name. */
const clusterNameUnder = (upstream: Place, own: Peer | undefined, peers: readonly Peer[]): string | null => {
  const clusterName = own?.probe.clusterName
  if (own === undefined || clusterName === undefined) return null
  const awaited = synchronousNames(peers.find(({ place }) => place.id === upstream.id)?.probe.synchronousNames ?? '')
  const isAwaited = (name: string) => awaited.some((one) => one.toLowerCase() === name.toLowerCase())
  if (isAwaited(slotNameOf(own.place))) return null
  const isCustom = peers.some((peer) => peer !== own && nameOf(peer, peers) === peer.probe.clusterName)
  return isCustom || isAwaited(clusterName) ? clusterName : null
}

/** Under which its upstream lists it now; null: it follows nobody that is seen. */
const nameOf = (peer: Peer, peers: readonly Peer[]): string | null => peer.following?.conninfo.application_name ?? nameSeen(peer, peers)

/** As its upstream lists it where its connection string gives no name: by its `cluster_name`, which synchronous_standby_names may hold. */
const nameSeen = ({ place, following }: Pick<Peer, 'place' | 'following'>, peers: readonly Peer[]): string | null => {
  const own = peers.find((peer) => peer.place.id === place.id)
  const upstream = own && peers.find((peer) => isUnder(own.probe, peer.place))
  const slotName = following?.slotName ?? null
  const listed = (upstream?.probe.standbys ?? []).filter((one) =>
    slotName === null ? one.clientAddress === place.address.host.address : one.slotName === slotName,
  )
  const name = listed.length === 1 ? listed[0]!.applicationName : ''
  return name === '' || name === 'walreceiver' ? null : name
}

/** The slot through which it reads now; null: through none. */
export const oldSlotOf = ({ probe, following }: Peer, peers: readonly Peer[]): OldSlot | null => {
  const { upstream } = probe
  const name = following?.slotName ?? upstream?.slotName ?? null
  if (name === null || upstream?.host == null) return null
  const place = peers.find((peer) => isUnder(probe, peer.place))?.place ?? null
  return { name, title: place?.title ?? `${upstream.host}:${upstream.port ?? 5432}`, place }
}

/** `probe` follows the server at this place, as far as its receiver or its configuration says. */
export const isUnder = ({ upstream }: Pick<Plain<Probe>, 'upstream'>, place: Place): boolean => {
  if (upstream?.host == null) return false
  const { host, port } = place.address
  const seen = upstream.host.toLowerCase()
  return (upstream.port ?? 5432) === port && [host.address.toLowerCase(), host.hostname.toLowerCase()].includes(seen)
}

/** The member as deciding who may follow whom needs it. */
export const asFollower = ({ place, probe }: Peer, peers: readonly Peer[]): Follower => ({
  id: place.id,
  title: place.title,
  state: probe.state,
  role: probe.role,
  timeline: probe.timeline,
  systemIdentifier: probe.systemIdentifier,
  upstreamId: peers.find((peer) => isUnder(probe, peer.place))?.place.id ?? null,
  syncState: probe.upstream?.status === 'streaming' ? 'streaming' : null,
  version: probe.version,
})

export const isStreamingFrom = (probe: Plain<Probe>, place: Place): boolean =>
  probe.state === 'online' && probe.role === 'standby' && probe.upstream?.status === 'streaming' && isUnder(probe, place)

export const isReachable = ({ probe }: Pick<Peer, 'probe'>): boolean =>
  isUp(probe.state) || probe.state === 'stopped' || probe.state === 'crashed'
