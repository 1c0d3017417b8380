import { type Circumstances, type FaultKind, faultKinds } from '@/lib/domain/drill/faults'
import type { EtcdMemberState } from '@/lib/domain/managers/etcd'
import { isServed } from '@/lib/domain/managers/haproxy'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { DrillDatabase, DrillProcess, DrillProgram, DrillWay, HostAddress, InventoryInstance, ReadPorts } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'
import { orNull } from '../facts/or-null'
import { viewOf } from '../patroni/facts'
import { gatherRoll, type HerdRoll, primaryOf } from '../rolling/facts'
import { type DrillInput, isAsked } from './input'

/** Whose process a fault kills; the member is the one whose host it is on. */
export type Victim = {
  program: DrillProgram
  title: string
  host: Plain<HostAddress>
  dataDirectory: string
  process: Plain<DrillProcess> | null
}

export type DrillFacts = {
  input: DrillInput
  roll: HerdRoll & { herd: { id: string; name: string; environmentId: string } }
  environmentName: string
  /** Its environment does. */
  allowsDrills: boolean
  manager: 'matriarch' | 'patroni' | null
  /** Why the herd can have no drill; null: it can. */
  whyNot: string | null
  isPaused: boolean
  /** As Patroni names the members, by their ids. */
  names: Record<string, string>
  circumstances: Circumstances
  /** null: the primary did not say. */
  database: Plain<DrillDatabase> | null
  ways: Plain<DrillWay>[]
  /** What of the killed programs runs where it would be killed now; left out: it is not asked for. */
  victims: Partial<Record<FaultKind, Victim | null>>
  noEtcd: string | null
  /** Of the writers of each fault: one, and another for each driver that takes over before it was done. */
  runs: Record<FaultKind, string[]>
  /** ISO; no fault begins after that. */
  endsBy: string
}

const lookTimeoutMs = 10_000
/** So many drivers may begin one fault. */
const beginsMax = 3

export const chosen = ({ input }: Pick<DrillFacts, 'input'>): FaultKind[] => faultKinds.filter((kind) => isAsked(input, kind))
export const placesOf = ({ roll }: Pick<DrillFacts, 'roll'>): Place[] => roll.members.map(({ place }) => place)
export const primaryPlace = ({ roll }: Pick<DrillFacts, 'roll'>): Place | null => primaryOf(roll)?.place ?? null

export const gatherDrill = async (ports: ReadPorts, input: DrillInput, context: GatherContext): Promise<DrillFacts> => {
  const { targetId, signal } = context
  const options = { timeoutMs: lookTimeoutMs, signal }
  const [standing, roll] = await Promise.all([ports.inventory.herdStanding(targetId), gatherRoll(ports, targetId, context)])
  const places = roll.members.map(({ place }) => place)
  const primary = primaryOf(roll)
  const view = await viewOf(ports, places as InventoryInstance[], signal)
  const isPatroni = view.why === null && view.by.every((by) => by === 'patroni')
  const isOwn = view.by.length > 0 && view.by.every((by) => by === 'none')
  const [database, config, ways, etcd] = await Promise.all([
    primary === null ? null : orNull(ports.drill.database(primary.place.address, options), signal),
    isPatroni && primary !== null
      ? orNull(ports.hosts.patroniConfig(primary.place.address.host, primary.place.address.dataDirectory, options), signal)
      : null,
    waysOf(ports, targetId, places, primary?.place ?? null, signal),
    isPatroni && isAsked(input, 'kill-etcd')
      ? etcdVictim(ports, places, signal)
      : { victim: null, because: 'There is no etcd of Patroni.' },
  ])
  return {
    input,
    roll,
    environmentName: standing.environmentName,
    allowsDrills: standing.allowsDrills,
    manager: isPatroni ? 'patroni' : isOwn ? 'matriarch' : null,
    whyNot: isPatroni || isOwn ? null : (view.why ?? 'Not every member is managed by the same manager.'),
    isPaused: view.isPaused,
    names: Object.fromEntries([...view.names].flatMap(([id, name]) => (name === null ? [] : [[id, name]]))),
    circumstances: {
      isPatroni,
      isSynchronous: (primary?.probe.synchronousNames ?? '') !== '',
      ttlSeconds: ttlOf(config),
      downSeconds: input.downSeconds,
    },
    database,
    ways,
    victims: {
      ...(await victimsOf(ports, input, primary?.place ?? null, signal)),
      ...(isAsked(input, 'kill-etcd') ? { 'kill-etcd': etcd.victim } : {}),
    },
    noEtcd: etcd.because,
    runs: Object.fromEntries(faultKinds.map((kind) => [kind, Array.from({ length: beginsMax }, () => crypto.randomUUID())])) as Record<
      FaultKind,
      string[]
    >,
    endsBy: new Date(ports.now().getTime() + input.minutes * 60_000).toISOString(),
  }
}

const ttlOf = (config: string | null): number | null => {
  if (config === null) return null
  try {
    const ttl: unknown = JSON.parse(config).ttl
    return typeof ttl === 'number' ? ttl : null
  } catch {
    return null
  }
}

const programs: Partial<Record<FaultKind, DrillProgram>> = {
  'kill-postgres': 'postgres',
  'stop-patroni': 'patroni',
  'kill-patroni': 'patroni',
}

const victimsOf = async (ports: ReadPorts, input: DrillInput, place: Place | null, signal: AbortSignal): Promise<DrillFacts['victims']> => {
  const asked = faultKinds.filter((kind) => programs[kind] !== undefined && isAsked(input, kind))
  const found = await Promise.all(
    asked.map((kind) => (place === null ? null : orNull(victimAt(ports, place, programs[kind]!, signal), signal))),
  )
  return Object.fromEntries(asked.map((kind, index) => [kind, found[index]!]))
}

/** Throws `shell.*`. */
export const victimAt = async (
  ports: ReadPorts,
  { title, address }: Place,
  program: DrillProgram,
  signal: AbortSignal,
): Promise<Victim> => {
  const { host, dataDirectory } = address
  const process = await ports.drill.process(host as HostAddress, program, dataDirectory, { timeoutMs: lookTimeoutMs, signal })
  return { program, title, host, dataDirectory, process }
}

const hostOf = (url: string): string => {
  try {
    return new URL(url).hostname.replaceAll(/[[\]]/g, '')
  } catch {
    return url
  }
}

/** A member of etcd that does not lead it, on the host of a member of the herd: the console knows no other host of it. */
const etcdVictim = async (
  ports: ReadPorts,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<{ victim: Victim | null; because: string | null }> => {
  const none = (because: string) => ({ victim: null, because })
  for (const { address } of places) {
    const { host, dataDirectory } = address
    const seen = await orNull(ports.etcd.look({ host: host as HostAddress, dataDirectory }, { timeoutMs: lookTimeoutMs, signal }), signal)
    if (seen === null) continue
    if (!seen.hasQuorum || seen.members.some(({ isUp }) => !isUp)) return none('Not every member of etcd answers.')
    if (seen.members.length < 3) return none('etcd has fewer than three members: without one of them it has no majority.')
    const isOn = (one: EtcdMemberState, place: Place) =>
      one.urls.some((url) => [place.address.host.address, place.address.host.hostname].includes(hostOf(url)))
    for (const member of seen.members.filter(({ isLeader }) => !isLeader)) {
      const place = places.find((one) => isOn(member, one))
      if (place === undefined) continue
      const victim = await orNull(victimAt(ports, place, 'etcd', signal), signal)
      if (victim !== null) return { victim: { ...victim, title: `etcd member ${member.name || member.id}` }, because: null }
    }
    return none('No member of etcd is on the host of a member of this herd.')
  }
  return none('etcd cannot be asked.')
}

/** What applications use: HAProxy on the hosts of the herd and of its poolers where it leads to the primary alone, and the members themselves. */
const waysOf = async (
  ports: ReadPorts,
  herdId: string,
  places: readonly Place[],
  primary: Place | null,
  signal: AbortSignal,
): Promise<Plain<DrillWay>[]> => {
  const direct: Plain<DrillWay> = {
    title: 'the members, whichever takes writes',
    endpoints: places.map(({ title, address: { host, socketDirectory, port } }) => ({ title, host, socketDirectory, port, database: '' })),
  }
  const poolers = await ports.inventory.herdPoolers(herdId)
  const hosts = new Map([...places, ...poolers].map(({ address: { host } }) => [host.serverId, host as HostAddress]))
  const addressOf = ({ address: { host, port } }: Place) => `${host.address}:${port}`
  const addresses = places.map(addressOf)
  const primaryAddress = primary === null ? null : addressOf(primary)
  const found = await Promise.all(
    [...hosts.values()].map(async (host) => ({
      host,
      proxies: (await orNull(ports.proxies.look(host, { timeoutMs: lookTimeoutMs, signal }), signal)) ?? [],
    })),
  )
  const doors = found.flatMap(({ host, proxies }) =>
    proxies.flatMap(({ parts }) =>
      parts.flatMap((part): Plain<DrillWay>[] => {
        const bind = /^(?:.*@)?\[?([^\]]*?)\]?:(\d+)$/.exec(part.binds[0] ?? '')
        const own = part.servers.filter(({ address }) => address !== null && addresses.includes(address))
        const served = own.filter(isServed)
        if (bind === null || own.length < places.length || served[0]?.address !== primaryAddress || served.length !== 1) return []
        const title = `HAProxy ${part.name} on ${host.hostname}`
        const address = ['', '*', '0.0.0.0', '::'].includes(bind[1]!) ? '127.0.0.1' : bind[1]!
        return [{ title, endpoints: [{ title, host, address, port: Number(bind[2]) }] }]
      }),
    ),
  )
  return [...doors, direct]
}
