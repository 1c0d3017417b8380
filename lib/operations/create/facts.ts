import { type ReaderLines, readerLines } from '@/lib/domain/reader/reader-role'
import { digestOf } from '@/lib/kernel/ground/digest'
import { isFault } from '@/lib/kernel/ground/errors'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type {
  ClusterSite,
  ClusterSpec,
  DataDirectorySeen,
  Following,
  InventoryHerd,
  InventoryInstance,
  InventoryServer,
  Probe,
  ReadPorts,
  ServersInstalled,
} from '@/lib/ports'
import { type PlatformProfileName, packagedSockets } from '@/lib/ports/addresses'
import { commandsOf, type Place, type Plain, probeTimeoutMs } from '../facts/instance'
import { orNull } from '../facts/or-null'
import { followingTo, gatherPeers, type Peer } from '../facts/peers'
import { compareUpstream, type UpstreamOnly } from './compare-upstream'
import type { CreateInput } from './input'

/** A member that is to be, and whom it copies. */
export type MemberFacts = {
  /** The member that is to be. */
  instance: Place
  /** Titles of the members there are. */
  members: string[]
  upstream: Place | null
  upstreamProbe: Plain<Probe> | null
  /** Why there is nobody to copy from; null: there is, or nobody is needed. */
  why: string | null
  following: Plain<Following> | null
  upstreamDisk: Plain<DataDirectorySeen> | null
  totalBytes: number | null
  copySlot: string | null
}

export type CreateFacts = MemberFacts & {
  /** `keepOld`: the empty cluster that a copy replaces is never kept. */
  input: CreateInput & { keepOld: false }
  server: Plain<InventoryServer>
  /** With an empty id: there is none of that name. */
  herd: Plain<InventoryHerd>
  kind: 'primary' | 'standby'
  /** The member on this server. */
  own: string | null
  installed: Plain<ServersInstalled>
  /** null: no version to look with. */
  site: Plain<ClusterSite> | null
  spec: Plain<Omit<ClusterSpec, 'key'>>
  /** The commands that make the cluster. */
  makes: string[]
  /** Settings of the upstream that a standby must not stay below could be read. */
  knowsSettings: boolean
  upstreamOnly: UpstreamOnly
  /** The lines that let the reader in, where the upstream has such lines; null: it has none, or that could not be read. */
  reader: ReaderLines | null
}

const queryTimeoutMs = 10_000
/** What takes longer to measure is not known: the plan says so. */
const measureTimeoutMs = 25_000
/** A standby with less than its primary does not start (hot_standby). */
const atLeastUpstreams = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
]
/** Debian's tools name a cluster by major version and name, and lay it out the same way. */
const debianLayout = /^(.*\/)(\d+)(\/([^/]+)\/*)$/

export const isDebian = ({ profile }: Pick<InventoryServer, 'profile'>): boolean => profile.startsWith('debian')

export const gatherCreate = async (ports: ReadPorts, input: CreateInput, context: GatherContext): Promise<CreateFacts> => {
  const server = await ports.inventory.server(context.targetId)
  const herd = (await ports.inventory.herdIn(server.environmentId, input.herd)) ?? unknownHerd(input, server)
  const options = { timeoutMs: probeTimeoutMs, signal: context.signal }
  const [installed, peers] = await Promise.all([ports.clusters.installed(server.address, options), membersOf(ports, herd, context)])
  const leading = peers.filter(({ probe }) => probe.state === 'online' && probe.role === 'primary')
  const named = peers.find(({ place }) => [place.id, place.title].includes(input.upstream))
  const upstream = (input.upstream === '' ? (leading.length === 1 ? leading[0] : undefined) : named) ?? null
  const kind = peers.length === 0 ? 'primary' : 'standby'
  const major = input.major || majorFor(herd, server, installed, upstream)
  const instance = placeFor(ports, input, herd, server, major)
  const { settings, knowsSettings } = await settingsFor(ports, input, upstream, context.signal)
  const following = upstream === null ? null : followingTo(upstream.place, { place: instance, following: null }, peers)
  const spec = { hasChecksums: input.checksums, encoding: input.encoding, locale: input.locale, settings, letsIn: input.letsIn }
  const [copied, upstreamOnly, reader] =
    upstream === null
      ? [{ upstreamDisk: null, totalBytes: null }, { settings: null, rules: null }, null]
      : await Promise.all([
          sizeOf(ports, upstream.place, context.signal),
          compareUpstream(ports, upstream.place, spec, { timeoutMs: queryTimeoutMs, signal: context.signal }),
          readerFor(ports, upstream, instance, context.signal),
        ])
  return {
    input: { ...input, keepOld: false },
    server,
    herd,
    kind,
    instance,
    members: peers.map(({ place }) => place.title),
    own: peers.find(({ place }) => place.serverId === server.id)?.place.title ?? null,
    installed,
    site: herd.id === '' || !installed.majors.includes(major) ? null : await ports.clusters.look(instance.address, options),
    spec,
    makes: ports.clusters.commands.make(instance.address, { ...spec, key: '' }),
    upstream: upstream?.place ?? null,
    upstreamProbe: upstream?.probe ?? null,
    why: kind === 'standby' && upstream === null ? whyNobody(input, herd, leading) : null,
    following,
    ...copied,
    copySlot: following === null ? null : `${(following.slotName ?? 'standby').slice(0, 58)}_copy`,
    knowsSettings,
    upstreamOnly,
    reader,
  }
}

const unknownHerd = ({ herd }: CreateInput, { environmentId, environmentName }: InventoryServer): InventoryHerd => ({
  id: '',
  name: herd,
  environmentId,
  environmentName,
  baseName: herd,
  port: 0,
  dataDirectory: '',
  systemIdentifier: null,
})

const membersOf = async (ports: ReadPorts, { id }: InventoryHerd, context: GatherContext): Promise<Peer[]> => {
  if (id === '') return []
  const { members } = await ports.inventory.herdStanding(id)
  return gatherPeers(ports, id, members, context)
}

/** Empty: nothing is installed. */
const majorFor = (herd: InventoryHerd, server: InventoryServer, { majors }: ServersInstalled, upstream: Peer | null): string => {
  const upstreams = upstream?.probe.version?.split('.')[0]
  if (upstreams !== undefined) return upstreams
  const [, , layout] = debianLayout.exec(herd.dataDirectory) ?? []
  return isDebian(server) && layout !== undefined && majors.includes(layout) ? layout : (majors[0] ?? '')
}

/** Its id follows from herd and server, so that a repeated creation gives the same member. */
const placeFor = (ports: ReadPorts, input: CreateInput, herd: InventoryHerd, server: InventoryServer, major: string): Place => {
  const layout = isDebian(server) ? debianLayout.exec(herd.dataDirectory) : null
  const dataDirectory = input.dataDirectory || (layout === null ? herd.dataDirectory : `${layout[1]}${major}${layout[3]}`)
  const id = memberId(herd.id, server.id)
  const instance: InventoryInstance = {
    id,
    title: `${herd.name} on ${server.title}`,
    environmentId: server.environmentId,
    environmentName: server.environmentName,
    herdId: herd.id,
    herdName: herd.name,
    serverId: server.id,
    systemIdentifier: null,
    address: {
      instanceId: id,
      herdId: herd.id,
      host: server.address,
      clusterName: debianLayout.exec(dataDirectory)?.[4] ?? herd.baseName,
      major,
      port: input.port || herd.port,
      dataDirectory,
      socketDirectory: packagedSockets,
      profile: server.profile as PlatformProfileName,
      binDirectory: null,
    },
  }
  return { ...instance, commands: commandsOf(ports.postgres, instance, 'fast') }
}

const memberId = (herdId: string, serverId: string): string => {
  const hex = digestOf({ herdId, serverId })
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const settingsFor = async (
  ports: ReadPorts,
  { checksums }: CreateInput,
  upstream: Peer | null,
  signal: AbortSignal,
): Promise<{ settings: Record<string, string>; knowsSettings: boolean }> => {
  const own = { listen_addresses: '*', password_encryption: 'scram-sha-256', ...(checksums ? {} : { wal_log_hints: 'on' }) }
  if (upstream === null) return { settings: own, knowsSettings: true }
  const seen = await upstreamSettings(ports, upstream.place, signal)
  return { settings: { ...own, ...seen }, knowsSettings: seen !== null }
}

/** null: they cannot be read. */
export const upstreamSettings = async (
  ports: ReadPorts,
  { address }: Place,
  signal: AbortSignal,
): Promise<Record<string, string> | null> => {
  const options = { database: 'postgres', statementTimeoutMs: queryTimeoutMs, rowsMax: 20, bytesMax: 10_000, signal }
  const names = atLeastUpstreams.map((name) => `'${name}'`).join(', ')
  try {
    const { rows } = await ports.postgres.query(address, `select name, setting from pg_settings where name in (${names})`, options)
    const seen = rows.flatMap(([name, setting]): [string, string][] => (name != null && setting != null ? [[name, setting]] : []))
    return seen.length === atLeastUpstreams.length ? Object.fromEntries(seen.sort(([a], [b]) => (a < b ? -1 : 1))) : null
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return null
  }
}

const readerFor = async (ports: ReadPorts, upstream: Peer, { address }: Place, signal: AbortSignal): Promise<ReaderLines | null> => {
  if (upstream.probe.state !== 'online') return null
  const files = await orNull(ports.readers.files(upstream.place.address, { timeoutMs: queryTimeoutMs, signal }), signal)
  return files?.lines ? readerLines(address.host.user) : null
}

export const sizeOf = async (
  ports: ReadPorts,
  { address }: Place,
  signal: AbortSignal,
): Promise<Pick<CreateFacts, 'upstreamDisk' | 'totalBytes'>> => {
  const upstreamDisk = await ports.replication.dataDirectory(address, { timeoutMs: probeTimeoutMs, signal })
  try {
    const { places } = await ports.copies.look(address, { timeoutMs: measureTimeoutMs, signal, withSizes: true })
    const sizes = places.map(({ what, bytes }) => (what === 'wal' ? 0 : bytes))
    return { upstreamDisk, totalBytes: sizes.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0) }
  } catch (error) {
    if (!isFault(error) || signal.aborted) throw error
    return { upstreamDisk, totalBytes: null }
  }
}

const whyNobody = ({ upstream }: CreateInput, { name }: InventoryHerd, leading: readonly Peer[]): string => {
  if (upstream !== '') return `“${upstream}” is no member of ${name}.`
  if (leading.length === 0)
    return `${name} has members, but no primary that answers. Name a standby to copy from, or fail the herd over first.`
  return `${leading.map(({ place }) => place.title).join(' and ')} both take writes. Name the one to copy, or demote one of them first.`
}
