import { memoryFleet } from '@/lib/adapters/memory'
import { makePortsOverSsh, type PortsOverSsh } from '@/lib/adapters/over-ssh'
import { openSsh, type Ssh } from '@/lib/adapters/ssh'
import { makeSshKey } from '@/lib/adapters/vault'
import { adoptFile } from '@/lib/domain/poolers/template'
import type { Fleet } from '@/lib/playground/fleet/fleet'
import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'
import type {
  ActPorts,
  HostAddress,
  InventoryInstance,
  InventoryPooler,
  MemberStanding,
  PostgresRead,
  Probe,
  Replacement,
} from '@/lib/ports'
import { startLab } from '../lab'
import { labAddresses } from '../lab-addresses'
import { stackStoreInMemory } from '../stack-store'

export interface LabHerd {
  lab: Lab
  ports: ActPorts
  /** As the observer looks at a host. */
  hostFacts: PortsOverSsh['hosts']['facts']
  instance: (host: string) => InventoryInstance
  /** Those in front of the herd, by title: `pgbouncer on HOST`. A template makes one managed. */
  poolers: Map<string, InventoryPooler>
  /** What the console's database would hold: members that must not be primary. */
  replaced: Map<string, Replacement>
  close: () => Promise<void>
}

/** A herd that something else than the lab sets up, on hosts that the lab leaves idle. */
export interface HerdStand {
  hosts: readonly string[]
  port: number
  dataDirectory: string
  /** Hosts whose PgBouncer is in front of it. */
  poolers?: readonly string[]
  start: (lab: Lab) => Promise<unknown>
}

/**
 * One herd of a real lab with the ports of a worker. Addresses are those of the lab's own network, so that standbys can be given them; the console's SSH
 * goes through a relay to each. Inventory and facts are held in memory; the herd has no DNS names.
 */
export const openLabHerd = async (fleet: Fleet, herdName: string, stand?: HerdStand): Promise<LabHerd> =>
  herdOf(await startLab(fleet), herdName, stand)

/** Another herd of a lab that runs, with ports of its own; closing it leaves the lab as it is. */
export const openOtherHerd = (lab: Lab, herdName: string): Promise<LabHerd> => herdOf({ lab, close: async () => {} }, herdName)

const herdOf = async ({ lab, close }: Awaited<ReturnType<typeof startLab>>, herdName: string, stand?: HerdStand): Promise<LabHerd> => {
  const { fleet } = lab
  const key = makeSshKey('lab herd')
  lab.authorize(key.publicKey)
  const [inside, outside] = [await labAddresses(lab, { isInside: true }), await labAddresses(lab)]
  const inner = openSsh({ keyFor: async () => key.privateKey, backOffMs: 100, backOffMaxMs: 500, keepaliveIntervalMs: 1000 })
  const ssh = relayed(inner, outside.host)
  const nameless = memoryFleet([])
  const fronts = (fleet.poolers ?? []).filter((one) => one.herd === herdName).map(({ host }) => host)
  const poolers = new Map(
    [...fronts, ...(stand?.poolers ?? [])].map((host) => [`pgbouncer on ${host}`, poolerOn(herdName, inside.host(host))]),
  )
  const find = (id: string) => [...poolers.values()].find((one) => one.id === id)!
  let fence = 0
  const replaced = new Map<string, Replacement>()
  const seen = new Map<string, Probe>()
  const names = stand?.hosts ?? fleet.herds.find(({ name }) => name === herdName)!.members.map(({ host }) => host)
  await stand?.start(lab)
  const instance = (host: string): InventoryInstance => {
    const address = stand === undefined ? inside.instance(herdName, host) : standing(herdName, inside.host(host), stand, lab)
    const { environmentId, serverId } = address.host
    const id = address.instanceId
    return {
      id,
      title: id,
      environmentId,
      environmentName: environmentId,
      herdId: herdName,
      herdName,
      serverId,
      systemIdentifier: null,
      address,
    }
  }
  const over = makePortsOverSsh(ssh, {
    read: {
      names: nameless.read.names,
      cloud: nameless.read.cloud,
      inventory: {
        ...nameless.read.inventory,
        instance: async (id) => instance(id.split(' on ')[1]!),
        pooler: async (id) => find(id),
        herdPoolers: async () => [...poolers.values()],
        herdInstances: async () => names.map(instance),
        herdStanding: async () => ({
          herdId: herdName,
          name: herdName,
          environmentId: instance(names[0]!).environmentId,
          environmentName: 'lab',
          preferredSite: '',
          allowsDrills: true,
          systemIdentifier: null,
          members: names.map((host) => standingOf(instance(host).id, host === names[0], seen, replaced)),
        }),
      },
    },
    act: {
      names: nameless.act.names,
      cloud: nameless.act.cloud,
      inventory: {
        ...nameless.act.inventory,
        replace: async (id, by) => void replaced.set(id, by),
        restore: async (id) => void replaced.delete(id),
        claimPooler: async () => {
          fence += 1
          return fence
        },
        managePooler: async (id, template) => void Object.assign(find(id), { template, isManaged: template !== null }),
      },
    },
    stacks: stackStoreInMemory(),
    canaryFolder: lab.layout.at('canary'),
  })
  const { read, act } = over.ports
  const ports: ActPorts = { act, read: { ...read, postgres: remembering(read.postgres, seen) } }
  // On a busy machine the first handshake with a host takes longer than a look at it may: no case is to be judged by that.
  const answers = [
    ...names.map((host) => ({ host, isReady: async () => doesItsPart(await read.postgres.probe(instance(host).address, firstLook)) })),
    ...[...poolers.values()].map(({ title, address }) => ({
      host: title,
      isReady: async () => (await read.poolers.look(address, firstLook)).state === 'online',
    })),
  ].map(({ host, isReady }) => until(`${host} to answer`, isReady, { timeoutMs: 100_000 }))
  await Promise.all(answers)
  return {
    lab,
    ports,
    hostFacts: over.hosts.facts,
    instance,
    poolers,
    replaced,
    close: async () => {
      await over.close()
      await inner.close()
      await outside.close()
      await close()
    },
  }
}

const standing = (herdName: string, host: HostAddress, { port, dataDirectory }: HerdStand, lab: Lab): InventoryInstance['address'] => ({
  instanceId: `${herdName} on ${host.hostname}`,
  herdId: herdName,
  host,
  clusterName: herdName,
  major: String(lab.fleet.postgresMajor),
  port,
  dataDirectory,
  socketDirectory: '/var/run/postgresql',
  profile: 'debian',
  binDirectory: null,
})

const firstLook = { timeoutMs: 60_000 }

/** A standby streams; one that connects anew just then does not for a moment. */
export const doesItsPart = ({ state, role, upstream }: Probe): boolean =>
  state === 'online' && (role !== 'standby' || upstream?.status === 'streaming')

const poolerOn = (herdName: string, host: HostAddress): InventoryPooler => ({
  id: `pgbouncer on ${host.hostname}`,
  title: `pgbouncer on ${host.hostname}`,
  environmentId: host.environmentId,
  environmentName: host.environmentId,
  herdId: herdName,
  herdName,
  herds: [{ id: herdName, name: herdName }],
  serverId: host.serverId,
  template: null,
  isManaged: false,
  address: {
    poolerId: `pgbouncer on ${host.hostname}`,
    host,
    socketDirectory: '/var/run/postgresql',
    port: 6432,
    configPath: '/etc/pgbouncer/pgbouncer.ini',
  },
})

/** Keeps the last look at each member that answered, as the observer's facts do. */
const remembering = (read: PostgresRead, seen: Map<string, Probe>): PostgresRead => ({
  ...read,
  probe: async (instance, options) => {
    const probe = await read.probe(instance, options)
    if (probe.state === 'online') seen.set(instance.instanceId, probe)
    return probe
  },
})

/** As it was last seen; before that, the first member was the primary when the lab came up. */
const standingOf = (
  id: string,
  isFirst: boolean,
  seen: ReadonlyMap<string, Probe>,
  replaced: ReadonlyMap<string, Replacement>,
): MemberStanding => {
  const probe = seen.get(id)
  return {
    id,
    site: '',
    failoverPriority: 100,
    lastRole: probe?.role ?? (isFirst ? 'primary' : 'standby'),
    isReported: false,
    isUnreachable: false,
    lastTimeline: probe?.timeline ?? 1,
    lastLsn: probe?.currentLsn ?? probe?.receivedLsn ?? null,
    seenAt: probe?.observedAt ?? null,
    replaced: replaced.get(id) ?? null,
  }
}

const relayed = (ssh: Ssh, relayOf: (host: string) => HostAddress): Ssh => {
  const through = (host: HostAddress): HostAddress => {
    const { address, port } = relayOf(host.hostname)
    return { ...host, address, port }
  }
  return {
    ...ssh,
    exec: (host, argv, options) => ssh.exec(through(host), argv, options),
    forward: (host, path, options) => ssh.forward(through(host), path, options),
    reach: (host, options) => ssh.reach(through(host), options),
  }
}

/** The poolers in front of the herd become the console's to write, as their files point at the primary on `host`. */
export const manageLabPoolers = async (herd: LabHerd, host = 'a'): Promise<void> => {
  const { address } = herd.instance(host)
  const limits = { timeoutMs: 30_000 }
  for (const pooler of herd.poolers.values()) {
    const file = await herd.ports.read.poolers.readFile(pooler.address, limits)
    const template = adoptFile(file!.text, { host: address.host.address, port: address.port })
    await herd.ports.act.inventory.managePooler(pooler.id, template, limits)
  }
}
