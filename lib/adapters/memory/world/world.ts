import { createHash } from 'node:crypto'
import type { Session } from '@/lib/domain/activity/session'
import type { Backup } from '@/lib/domain/backups/info'
import type { DescribedType } from '@/lib/domain/machines/described'
import type { ReadList } from '@/lib/domain/machines/prices'
import type { MaintainedIndex, MaintainedTable } from '@/lib/domain/maintenance/work'
import type { EtcdSeen } from '@/lib/domain/managers/etcd'
import type { FoundManager } from '@/lib/domain/managers/manager'
import type { CanaryLedger } from '@/lib/domain/proof/canary-ledger'
import type { ReaderLines } from '@/lib/domain/reader/reader-role'
import type { JsonObject } from '@/lib/kernel/ground/json'
import type {
  CanaryDoor,
  CanaryEndpoint,
  DeadManArming,
  EtcdSnapshot,
  FileSettingProblem,
  Following,
  InventoryDnsEntry,
  InventoryHerd,
  InventoryHook,
  InventoryInstance,
  InventoryMachine,
  InventoryName,
  InventoryPooler,
  InventoryServer,
  InventoryZone,
  PoolerClient,
  PoolMode,
  ReaderRole,
  RecordSet,
  Replacement,
  SqlGrid,
} from '@/lib/ports'
import type { CopySeen } from '@/lib/ports/copies'
import type { MemoryClock } from './clock'
import type { MemoryDbInstance } from './db-instance'
import type { MemoryDrill } from './drills'
import type { MemoryLaunches } from './launches'
import type { MemoryStacks } from './stacks'

export interface MemoryHost {
  server: InventoryServer
  /** off: nothing answers. frozen: connections hang. refuses-key: the SSH key is not accepted. cut: the console alone does not reach it. */
  power: 'on' | 'off' | 'frozen' | 'refuses-key' | 'cut'
  /** Major versions whose server programs are installed. */
  majors: string[]
  /** Roles whose password for replication its passfile holds. */
  passwords: Set<string>
  /** Directories made by commands, so that a test can watch an effect through the shell. */
  directories: Set<string>
  /** By key. */
  work: Map<string, MemoryWork>
  /** What it is in the cloud; null: none that the console knows. */
  machine: MemoryMachine | null
  /** Where it is a DB instance of RDS. */
  db?: MemoryDbInstance
  /** Programs that manage servers of it. `areHidden`: nobody but root sees them. */
  managers: FoundManager[]
  areHidden: boolean
  /** The console does not know it yet. */
  isUnregistered: boolean
  /** How many times it has booted. */
  boots: number
  /** Debian's packages, by name. */
  packages: Map<string, { installed: string; candidate: string | null; isHeld: boolean; isHalfConfigured?: boolean }>
  /** What apt-get says when it only simulates. */
  aptSays: string
}

/** A machine of EC2, with its own states and clock. */
export interface MemoryMachine {
  inventory: InventoryMachine
  state: string
  /** What the state becomes, and when. */
  next: { state: string; atMs: number } | null
  type: string
  architecture: string
  hasEna: boolean
  publicAddress: string | null
  /** PostgreSQL comes up with it. */
  startsPostgres: boolean
  /** Every act that changed it, in order: `stop`, `set m5.large`, `start m5.large`. */
  applied: string[]
}

export interface MemoryInstance {
  inventory: InventoryInstance
  host: MemoryHost
  state: 'running' | 'starting' | 'stopping' | 'stopped' | 'crashed' | 'absent'
  hasStandbySignal: boolean
  /** What it last ran as, which is what its control file says while it is down. */
  ranAsStandby: boolean
  /** The server refuses the console's login while this is set. */
  refusesLogin: boolean
  /** Why it will not start; null: it will. */
  startProblem: string | null
  version: string
  systemIdentifier: string
  timeline: number
  pid: number
  startedAt: string
  confLoadedAt: string
  /** Settings as the server applies them, and as the files say. Names in `postmasterOnly` change only with a restart. */
  active: Record<string, string>
  files: Record<string, string>
  /** As ALTER SYSTEM set them, which overrules the files. */
  altered: Record<string, string>
  fileProblems: FileSettingProblem[]
  /** Written on a primary, received and replayed on a standby. */
  walBytes: number
  /** Of the last shutdown: where its record begins. */
  checkpointBytes: number
  /** Where earlier timelines of its history ended. */
  forks: { timeline: number; bytes: number }[]
  /** Whom it follows now, and through which slot there. */
  upstreamId: string | null
  slotName: string | null
  /** As its files say; takes effect with a start or a reload. */
  following: Following | null
  /** The connection string in its files holds a password. */
  holdsPassword: boolean
  copy: MemoryCopy | null
  /** Why its role may not be rewound from; null: it may. */
  refusesRewind: string | null
  /** Where WAL past a fork was saved, and how much there was of it. */
  tails: Map<string, { timeline: number; walBytes: number }>
  /** A rewind began and has not come to its end. */
  isRewinding: boolean
  /** rsync is at work in its data directory under that key, or was. */
  inPlaceKey: string | null
  /** It was restored, and its recovery ends and pauses where it stands. */
  isAtTarget: boolean
  /** Why it cannot be rebuilt in place; null: it can. */
  refusesInPlace: string | null
  freeBytes: number
  /** Its own replication slots. */
  slots: string[]
  /** Nothing of its upstream reaches it. */
  isCut: boolean
  /** frozen: its WAL receiver takes nothing, and its upstream still sends to it. dropped: frozen, and its upstream has disconnected it. */
  receiver: 'reads' | 'frozen' | 'dropped'
  failoverPriority: number
  /** False: the console has never seen it. */
  wasSeen: boolean
  replaced: Replacement | null
  /** False: a place, or a cluster in it, that the console has no record of. */
  isRegistered: boolean
  /** The mark of the creation that made it, until it is handed over. */
  made: { key: string; isWhole: boolean } | null
  /** Roles for replication that were made in it. */
  roles: Set<string>
  /** The console's lines for the reader in its files, and as it has loaded them. */
  readerLines: ReaderLines | null
  activeReaderLines: ReaderLines | null
  clients: number
  activeTransactions: number
  /** What its sessions do; none of them counts among `clients`. */
  /** Of its one database that has any, named `postgres`. */
  tables: MaintainedTable[]
  indexes: MaintainedIndex[]
  sessions: Session[]
  /** Every act that changed it, in order: `start`, `stop fast`, `reload`, `checkpoint`, `execute …`. */
  applied: string[]
  transactions: Map<string, 'committed' | 'aborted' | 'in-progress'>
  /** Of all its databases. */
  databaseBytes: number
}

/** What of an instance lies in its data directory. */
export const inDirectory = [
  'state',
  'hasStandbySignal',
  'ranAsStandby',
  'startProblem',
  'systemIdentifier',
  'timeline',
  'walBytes',
  'checkpointBytes',
  'forks',
  'following',
  'inPlaceKey',
  'isAtTarget',
] as const satisfies readonly (keyof MemoryInstance)[]
export type Directory = Pick<MemoryInstance, (typeof inDirectory)[number]>

/** A copy beside a data directory. `aside` is the copy until it is swapped in, and then the old directory. */
export interface MemoryCopy {
  key: string
  stage: Exclude<CopySeen['stage'], 'none' | 'half'>
  aside: Directory | null
}

/** Work that outlives the one who started it. `exitCode` null: it runs. */
export interface MemoryWork {
  startedAt: Date
  endsAtMs: number
  exitCode: number | null
  /** Its exit code when it ends by itself. */
  endsWith: number
  output: string
  /** Happens when it ends by itself; a Fault makes it fail. */
  action: () => void
}

/** A database as the pooler applies it, which is what its file said at the last reload. */
export interface MemoryPooled {
  host: string | null
  port: number
  mode: PoolMode
  isPaused: boolean
  isDisabled: boolean
  /** Clients that hold a server: PAUSE waits for them. */
  busy: PoolerClient[]
  /** Clients that hold none. */
  idle: PoolerClient[]
}

export interface MemoryPooler {
  inventory: InventoryPooler
  host: MemoryHost
  isRunning: boolean
  /** Its console refuses the login. */
  refusesLogin: boolean
  isPausedWhole: boolean
  databases: Map<string, MemoryPooled>
  /** null: it has no file. */
  file: { text: string; owner: string; mode: string } | null
  /** What the last write replaced. */
  before: string | null
  /** The highest token that has written the file, for any herd's lines. */
  readonly fence: number
  /** The highest token that wrote the lines of one herd alone, by the herd's id; '' for the whole file. */
  fences: Map<string, number>
  /** The last token the console's database gave out for it. */
  claimed: number
  /** On its host: of each herd the last one that was armed, and the one before. */
  timers: MemoryDeadMan[]
  /** Why no timer could work on its host. */
  timerProblem: string | null
  /** Every act that changed it, in order: `pause orders`, `write`, `reload` … */
  applied: string[]
}

/** A timer on a pooler's host. It acts when the pooler is looked at after its time is up, as if it had acted then. */
export interface MemoryDeadMan {
  arming: DeadManArming
  expiresAtMs: number
  /** Of the files that it may replace, without the lines of other herds. */
  digests: string[]
  outcome: 'disarmed' | 'overtaken' | 'firing' | 'fired' | null
  ledTo: string | null
  resumed: string[]
}

/** One canary of the world: what it noted, and where each commit stands in the WAL. */
export interface MemoryCanary {
  doors: readonly (CanaryEndpoint | CanaryDoor)[]
  ledger: CanaryLedger
  isWriting: boolean
  /** Of its rows that are in a table still. */
  commits: { id: number; system: string; timeline: number; bytes: number }[]
}

/** One of a zone’s authoritative servers. */
export interface MemoryNameServer {
  name: string
  records: Map<string, RecordSet[]>
  /** down: it does not answer. stuck: it answers what it knew before. */
  state: 'well' | 'down' | 'stuck'
}

/** A zone with its primary server and one secondary, which follows at once. Everything a name server refuses is refused here. */
export interface MemoryZone {
  inventory: InventoryZone
  /** The primary's host: off, nothing is read or changed. */
  host: MemoryHost
  servers: MemoryNameServer[]
  /** What resolvers still remember; a name that is not in it is asked of the secondary. */
  cached: Map<string, RecordSet[]>
  /** Response code of every update; null: updates are taken. */
  refuses: string | null
  /** Every change that was made, in order: `orders.prod.test: CNAME a… → CNAME b…`. */
  applied: string[]
}

export interface HerdShape {
  environment: string
  name: string
  /** Host names; the first one is the primary, the others stream from it. None: a herd without members. */
  hosts: readonly string[]
  port?: number
  /** A DNS name in the zone of its environment (`prod.test`), an alias of the primary: `orders` is `orders.prod.test`. */
  virtualHost?: string
  /** Hosts with a PgBouncer in front of it; they need not be members. */
  poolers?: readonly string[]
  /** Hosts whose PgBouncer is in front of another herd and serves this one too. */
  sharedPoolers?: readonly string[]
}

/** What a script does with its arguments; `hangs`: it ends only when it is killed. */
export type MemoryScript = (
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
) => { exitCode: number; output: string } | 'hangs'

/** Of a herd, in pgBackRest's repository. */
export interface MemoryStanza {
  name: string
  /** Why nothing of it is known; null: it is. */
  because: string | null
  isBusy: boolean
  /** Oldest first. */
  backups: Backup[]
  /** Where WAL ends after which a segment is missing in the archive, bytes. */
  gaps: number[]
}

export interface World {
  clock: MemoryClock
  stacks: MemoryStacks
  launches: MemoryLaunches
  hosts: Map<string, MemoryHost>
  herds: Map<string, InventoryHerd>
  /** By herd. */
  stanzas: Map<string, MemoryStanza>
  instances: Map<string, MemoryInstance>
  zones: Map<string, MemoryZone>
  names: Map<string, InventoryName>
  /** By the run they write for. */
  canaries: Map<string, MemoryCanary>
  drills: Map<string, MemoryDrill>
  allowsDrills: boolean
  /** The job that made the drill's database, by the system that holds it. */
  drillDatabases: Map<string, string>
  /** Dynamic configurations of Patroni clusters, by their scope; one that is not there is `{}`. */
  dcs: Map<string, JsonObject>
  /** The etcd of a Patroni cluster, by its scope. */
  etcd: Map<string, EtcdSeen>
  /** Snapshots of it, by `host:path`. */
  snapshots: Map<string, EtcdSnapshot>
  /** Systems, by their identifiers, that have a table for canaries. */
  canaryTables: Set<string>
  /** The reader, by the identifiers of the systems that have one. */
  readers: Map<string, ReaderRole>
  poolers: Map<string, MemoryPooler>
  /** What the workers’ directory holds, by file name. */
  scripts: Map<string, MemoryScript>
  /** Every script that ran to its end, in order. */
  scripted: { file: string; argv: readonly string[]; environment: Readonly<Record<string, string>> }[]
  /** What the console would have run for any instance. */
  hooks: InventoryHook[]
  dnsEntries: InventoryDnsEntry[]
  /** Actions that the credentials of the cloud account may not do. */
  denied: Set<string>
  /** What was read of a region's prices, by region; of others nothing was. */
  priceLists: Map<string, ReadList>
  /** Types that the sample lacks, and EC2 knows. */
  describedTypes: Record<string, DescribedType>
  /** Types that the cloud has no machine of to give. */
  exhausted: Set<string>
  /** How long a command takes that is launched as long work, what it writes and how it ends; the default takes 20 s. */
  work: (argv: readonly string[], host: MemoryHost) => Partial<MemoryWork>
  /** Answers SQL; the default gives one row `1`. Throw a Fault to refuse a statement. */
  sql: (instance: MemoryInstance, sql: string, isWriting: boolean) => SqlGrid
  /** The instance that holds the console's own database, by its id; null: none of these. */
  consoleOn: string | null
  /** What DATABASE_URL names, where that is not the server itself. */
  consoleThrough: { host: string; port: number } | null
  /** Broken laws of the world, in words: two writable primaries of one system. */
  violations: string[]
}

export const postmasterOnly: ReadonlySet<string> = new Set(['shared_buffers', 'max_connections', 'max_wal_senders', 'port', 'wal_level'])

/** The same name has the same id in every world, so that snapshots and two processes agree. */
export const idOf = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** It runs, and hosts other than the console reach it. */
export const servesOthers = ({ state, host: { power } }: MemoryInstance): boolean =>
  state === 'running' && (power === 'on' || power === 'cut' || power === 'refuses-key')

/** Two running servers of one system that both write. */
export const watchPrimaries = (world: World): void => {
  const bySystem = new Map<string, MemoryInstance[]>()
  for (const instance of world.instances.values()) {
    if (!servesOthers(instance) || instance.hasStandbySignal) continue
    bySystem.set(instance.systemIdentifier, [...(bySystem.get(instance.systemIdentifier) ?? []), instance])
  }
  for (const primaries of bySystem.values())
    if (primaries.length > 1) world.violations.push(`two primaries write: ${primaries.map((one) => one.inventory.title).join(', ')}`)
}
