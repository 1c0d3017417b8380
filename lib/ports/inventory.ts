import type { DeclaredName } from '@/lib/domain/dns/wanted'
import type { HookFailure, HookMoment } from '@/lib/domain/hooks/hook'
import type { DescribedTypes } from '@/lib/domain/machines/described'
import type { TypePrice } from '@/lib/domain/machines/prices'
import type { ManagedBy } from '@/lib/domain/managers/manager'
import type { OwnCluster } from '@/lib/domain/replication/own-cluster'
import type { ReplicationWish } from '@/lib/domain/replication/wish'
import type { HostAddress, InstanceAddress } from './addresses'
import type { BlueprintsAct, BlueprintsRead } from './blueprints'
import type { ZoneAddress } from './names'
import type { PoolerAddress } from './poolers'
import type { CallOptions } from './postgres'

/** The registered side of an instance, as operations need it. */
export interface InventoryInstance {
  id: string
  title: string
  environmentId: string
  environmentName: string
  herdId: string
  herdName: string
  serverId: string
  systemIdentifier: string | null
  /** How standbys of its herd are to follow; left out: as those there are do now. */
  replication?: ReplicationWish
  /** Who managed it when its host was last looked at; left out: nobody has looked. */
  manager?: { by: ManagedBy; seenAt: string }
  address: InstanceAddress
}

/** A herd as it was declared; it may have no member yet. */
export interface InventoryHerd {
  id: string
  name: string
  environmentId: string
  environmentName: string
  /** Debian's name of its clusters. */
  baseName: string
  port: number
  dataDirectory: string
  systemIdentifier: string | null
  /** Role that its standbys follow as; left out or empty: replicator. */
  replicationUser?: string
}

/** A member to be registered, under an id that is known beforehand. */
export interface NewMember {
  id: string
  herdId: string
  serverId: string
  port: number
  dataDirectory: string
  /** Whose run it belongs to is told in the member's history. */
  jobId: string
}

export interface InventoryServer {
  id: string
  title: string
  environmentId: string
  environmentName: string
  profile: string
  address: HostAddress
}

/** The machine that a server is, as the cloud account that sees it says. */
export interface InventoryMachine {
  id: string
  title: string
  accountId: string
  region: string
  instanceId: string
  /** A DB instance of RDS; left out: a machine of EC2. */
  kind?: 'rds'
}

/** A machine with the server that it is and the instances on that; `server` null: none is tied to it. */
export interface InventoryWholeMachine extends InventoryMachine {
  environmentId: string
  server: { id: string; title: string } | null
  instances: InventoryInstance[]
  /** Titles of the poolers on that server. */
  poolers: string[]
}

/** A cloud account, with one machine of each of its regions to try actions on. */
export interface InventoryCloudAccount {
  id: string
  title: string
  environmentId: string
  /** null: not seen yet. */
  awsAccount: string | null
  /** Only machines with these tags are listed: `Role=PostgreSQL`. */
  machineTags: string[]
  /** It lists DB instances of RDS, too. */
  looksForRds: boolean
  /** Herds of blueprints are launched in it. */
  launches: boolean
  /** `instanceId` null: no machine of that region is listed. */
  regions: { region: string; instanceId: string | null }[]
}

/** A DNS name that follows members of a herd. `title` is the whole name. */
export interface InventoryName extends DeclaredName {
  id: string
  environmentId: string
  environmentName: string
  herdId: string
  herdName: string
  zone: ZoneAddress
}

export interface InventoryZone {
  id: string
  title: string
  environmentId: string
  environmentName: string
  address: ZoneAddress
}

/** A PgBouncer in front of a herd, or of several of one environment. */
export interface InventoryPooler {
  id: string
  title: string
  environmentId: string
  environmentName: string
  /** The herd it was registered with. */
  herdId: string
  herdName: string
  /** Every herd that it serves, the one it was registered with first: those that its template names, and those that its databases were last seen to point to. */
  herds: { id: string; name: string }[]
  serverId: string
  /** What its file is made from; null: none yet. */
  template: string | null
  /** The console writes its file. Not before a person has seen the first difference. */
  isManaged: boolean
  address: PoolerAddress
}

/** A script that a resize of a member runs. */
export interface InventoryHook {
  id: string
  title: string
  moment: HookMoment
  /** Its name in the workers’ directory. */
  file: string
  timeoutSeconds: number
  onFailure: HookFailure
  /** Of `move-clients`: after a resize to fewer vCPUs clients stay away. */
  staysAway: boolean
}

/** A DNS name that scripts move for a member. */
export interface InventoryDnsEntry {
  number: number
  hostedZone: string
  dnsName: string
}

/** What the console knows of a member beside how to reach it; observed values are as old as `seenAt`. */
export interface MemberStanding {
  id: string
  site: string
  /** 0: never to take over. */
  failoverPriority: number
  lastRole: 'primary' | 'standby' | 'unknown'
  lastTimeline: number | null
  /** The furthest position it was seen at: written on a primary, received on a standby. */
  lastLsn: string | null
  /** ISO time; null: never seen. */
  seenAt: string | null
  /** What was last seen is what its host's agent said: nobody looked. */
  isReported: boolean
  /** The observer’s last look could not reach its host. */
  isUnreachable: boolean
  /** Another member was promoted in its stead: it must not start as a primary. */
  replaced: Replacement | null
}

export interface Replacement {
  byId: string
  timeline: number
  because: string
}

export interface HerdStanding {
  herdId: string
  name: string
  environmentId: string
  environmentName: string
  preferredSite: string
  /** Its environment allows drills. */
  allowsDrills: boolean
  systemIdentifier: string | null
  members: MemberStanding[]
}

/** What is registered already where a cluster was found. */
export interface ClusterStanding {
  /** Of the environment, with that system identifier. */
  herd: { id: string; name: string; port: number; dataDirectory: string } | null
  /** Servers that go by one of these addresses or names, of whatever environment. */
  servers: { id: string; hostname: string; address: string; environmentId: string; members: { herdId: string; port: number }[] }[]
}

/** Rows to be registered in one transaction: what is not registered yet of a cluster that stands. */
export interface NewCluster {
  environmentId: string
  jobId: string
  herd: { id: string } | { name: string; clusterName: string; port: number; dataDirectory: string; systemIdentifier: string | null }
  members: {
    server: { id: string } | { hostname: string; address: string; port: number; user: string; profile: string }
    port: number
    dataDirectory: string
    /** null: where packages put it. */
    socketDirectory: string | null
  }[]
}

/** What the console's own database knows; read-only. Throws `record.missing` for an id that it does not know (any more), and `database.down`. */
export interface InventoryRead extends BlueprintsRead {
  instance: (id: string) => Promise<InventoryInstance>
  /** The herd's members, this one included, ordered by title; none for a herd that is not known. */
  herdInstances: (herdId: string) => Promise<InventoryInstance[]>
  /** By its id or its name, whatever the case; null: there is none in that environment. */
  herdIn: (environmentId: string, idOrName: string) => Promise<InventoryHerd | null>
  /** What of a cluster with that system identifier is registered, and who has these addresses and host names. */
  clusterStanding: (environmentId: string, systemIdentifier: string | null, hosts: readonly string[]) => Promise<ClusterStanding>
  server: (id: string) => Promise<InventoryServer>
  /** The machine that is tied to this server alone; null: none is. */
  serverMachine: (serverId: string) => Promise<InventoryMachine | null>
  /** What these types cost where that machine is, by the newest list of its account, in their order. */
  typePrices: (machine: Pick<InventoryMachine, 'accountId' | 'region'>, types: readonly string[]) => Promise<TypePrice[]>
  /**
   * What a resize of the instance runs: the hooks of its herd, its environment and of all, in order of their titles; and the DNS entries of the instance
   * itself, where it has none those of its herd for the PGRole tag of its machine.
   */
  instanceHooks: (instanceId: string) => Promise<{ hooks: InventoryHook[]; entries: InventoryDnsEntry[] }>
  /** Types that the sample lacks, as EC2 described them to the account in that region when it was asked last. */
  describedTypes: (machine: Pick<InventoryMachine, 'accountId' | 'region'>) => Promise<DescribedTypes>
  /** Titles of the instances on that server. */
  serverInstances: (serverId: string) => Promise<string[]>
  wholeMachine: (id: string) => Promise<InventoryWholeMachine>
  cloudAccount: (id: string) => Promise<InventoryCloudAccount>
  name: (id: string) => Promise<InventoryName>
  /** The names that follow members of the herd, ordered by title and type. */
  herdNames: (herdId: string) => Promise<InventoryName[]>
  zone: (id: string) => Promise<InventoryZone>
  pooler: (id: string) => Promise<InventoryPooler>
  /** The poolers that serve the herd, also those of several herds, ordered by title. */
  herdPoolers: (herdId: string) => Promise<InventoryPooler[]>
  /** The herd and what is known of its members, ordered by title. */
  herdStanding: (herdId: string) => Promise<HerdStanding>
  /** The cluster that holds this database itself, as it is now. */
  ownCluster: () => Promise<OwnCluster>
}

/**
 * Facts that an operation makes true in the console's own database. Each may be repeated. Throws `record.missing` where there is nothing that it could be
 * true of, `database.down` when there was no answer within `timeoutMs`, and `shell.cancelled`; with `isOver` nothing of it stays.
 */
export interface InventoryAct extends BlueprintsAct {
  /** From now on the instance must not start as a primary. */
  replace: (instanceId: string, by: Replacement, options: CallOptions) => Promise<void>
  /** It may again. */
  restore: (instanceId: string, options: CallOptions) => Promise<void>
  /** The herd has this member. Throws `record.duplicate` when the herd has another one on that server. */
  register: (member: NewMember, options: CallOptions) => Promise<void>
  /** Registers a cluster that stands: its herd, servers and members, all or none. Throws `record.duplicate` where a name or an address is taken meanwhile. */
  registerCluster: (cluster: NewCluster, options: CallOptions) => Promise<void>
  /** Removes a registration: only for its undo. No error where there is none. */
  unregister: (instanceId: string, options: CallOptions) => Promise<void>
  /** The next token for writing the pooler's file, higher than every one before: a writer with an earlier one that wakes up later is rejected by the host. */
  claimPooler: (poolerId: string, options: CallOptions) => Promise<number>
  /** From now on the console writes the pooler's file from this template; null: the file is not managed. */
  managePooler: (poolerId: string, template: string | null, options: CallOptions) => Promise<void>
}
