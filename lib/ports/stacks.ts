import type { AuthorityState, AuthorityStep } from '@/lib/domain/stack/authorities'
import type { StackFile } from '@/lib/domain/stack/stack-file'
import type { HostAddress } from './addresses'
import type { InventoryServer } from './inventory'
import type { CallOptions } from './postgres'

/** A cluster as declared, with those of its servers that are registered in its environment. */
export interface DeclaredStack {
  id: string
  title: string
  environmentId: string
  environmentName: string
  /** Its cluster file, YAML. */
  file: string
  /** A build of it came to its end. */
  isBuilt: boolean
  /** What that build made the servers be, YAML; null: none came to its end. */
  builtFile: string | null
  /** Of both files. */
  servers: InventoryServer[]
}

/** What of a host is to be looked at; what is left out is not asked for. */
export interface StackLook {
  files?: readonly StackFile[]
  /** Paths of programs, or of other files that packages bring. */
  programs?: readonly string[]
  units?: readonly string[]
  directories?: readonly string[]
  /** TCP. */
  listeners?: readonly number[]
}

export interface StackHostSeen {
  /** null: it may act as root. Else why not. */
  whyNotRoot: string | null
  /** Positive: the host's clock is ahead of the worker's. */
  clockOffsetMs: number
  /** Of the programs asked for, those that are there. */
  programs: string[]
  /** same: byte for byte with its owner and mode, secrets filled in. `sum`: of what is there, SHA-256; of nothing: empty. */
  files: { path: string; state: 'absent' | 'same' | 'other'; sum: string }[]
  units: { name: string; isActive: boolean; isEnabled: boolean }[]
  directories: { path: string; state: 'absent' | 'empty' | 'taken' }[]
  /** Of the ports asked for, those that something listens on. */
  listeners: number[]
}

/** A member as Patroni's REST API names it under /cluster. */
export interface StackMember {
  name: string
  /** leader, sync_standby, replica … */
  role: string
  state: string
  /** Bytes; null: not known. */
  lag: number | null
  timeline: number | null
}

export interface StackCluster {
  /** Of the server that was asked; null: it has none yet. */
  systemIdentifier: string | null
  members: StackMember[]
}

/** A member of etcd as its cluster lists it. */
export interface StackEtcdMember {
  /** Decimal: larger than a number of JSON holds. */
  id: string
  /** Empty: it has been added and never started. */
  name: string
  peerUrls: string[]
  isLearner: boolean
}

/** One change of the members of etcd: one comes as a learner, which has no vote; a learner gets its vote; one goes. */
export type StackEtcdChange = { add: string } | { promote: string } | { remove: string }

/** A volume of EBS that the host’s machine has, and where it belongs. */
export interface StackVolume {
  volumeId: string
  directory: string
}

/** Where a client comes in. */
export interface StackDoor {
  /** As people read it: the write port of edge. */
  title: string
  address: string
  port: number
  database: string
  user: string
  /** Of that user's password. */
  secret: string
}

export interface StackKeysWanted {
  cluster: string
  secrets: readonly string[]
  servers: readonly { name: string; address: string }[]
  days: number
}

/** Where a daemon shows its certificate: at once, or after it was asked for TLS as PostgreSQL and PgBouncer are. */
export interface StackTlsDoor {
  address: string
  port: number
  asks: 'tls' | 'postgres'
}

/** What the console keeps of a stack in its own database; its secrets opened, for the worker alone. Throws `database.down`. */
export interface StackStore {
  declared: (stackId: string) => Promise<DeclaredStack>
  /** By the names that its files use. */
  secrets: (stackId: string) => Promise<Record<string, string>>
  hasKeys: StacksRead['hasKeys']
  hasNextCertificates: StacksRead['hasNextCertificates']
  authorities: StacksRead['authorities']
  makeKeys: StacksAct['makeKeys']
  dropKeys: StacksAct['dropKeys']
  makeNextCertificates: StacksAct['makeNextCertificates']
  dropNextCertificates: StacksAct['dropNextCertificates']
  adoptNextCertificates: StacksAct['adoptNextCertificates']
  markBuilt: StacksAct['markBuilt']
}

/** Each throws `shell.*` as `hosts.read` does, `record.missing` for a stack that is not registered (any more), and `database.down`. */
export interface StacksRead {
  declared: (stackId: string) => Promise<DeclaredStack>
  /** Whether every secret and certificate that is wanted has been made. */
  hasKeys: (stackId: string, wanted: StackKeysWanted) => Promise<boolean>
  /** For which of these servers a rotation has made a certificate that is not theirs yet. */
  hasNextCertificates: (stackId: string, servers: readonly string[]) => Promise<'all' | 'some' | 'none'>
  /** Which authorities the cluster trusts, and what a rotation that has not ended makes of them; null: there is none. */
  authorities: (stackId: string) => Promise<{ state: AuthorityState; next: AuthorityStep | null }>
  /** Whether the daemon at that door shows the certificate of that name, as seen from that host, which needs Python. null: it shows none. */
  shows: (
    host: HostAddress,
    stackId: string,
    what: { door: StackTlsDoor; certificate: string },
    options: CallOptions,
  ) => Promise<boolean | null>
  look: (host: HostAddress, stackId: string, what: StackLook, options: CallOptions) => Promise<StackHostSeen>
  /** The text of a file with names in place of the stack's secrets; null: it is not there. */
  text: (host: HostAddress, stackId: string, path: string, options: CallOptions) => Promise<string | null>
  /** Whether the etcd member of that host says that the cluster has a leader and takes writes. */
  isEtcdHealthy: (host: HostAddress, url: string, options: CallOptions) => Promise<boolean>
  /** As the etcd at that address lists them, by what it last applied; null: it does not answer. */
  etcdMembers: (host: HostAddress, url: string, options: CallOptions) => Promise<StackEtcdMember[] | null>
  /** As the Patroni at that address says; null: it does not answer, or not yet. */
  cluster: (host: HostAddress, url: string, options: CallOptions) => Promise<StackCluster | null>
  /** Logs in as a client would, from that host: what answered, or why it did not. */
  door: (host: HostAddress, stackId: string, door: StackDoor, options: CallOptions) => Promise<'primary' | 'standby' | { because: string }>
  /** Whether that volume of EBS is mounted on that directory, and will be at every boot. */
  isMounted: (host: HostAddress, what: StackVolume, options: CallOptions) => Promise<boolean>
  /** One value of one row, as postgres on the server of that host; null: no row. For looks alone. */
  value: (host: HostAddress, at: { port: number; database: string }, sql: string, options: CallOptions) => Promise<string | null>
}

/** Each may be repeated, and throws `shell.*`, with `isOver: true` when it is known to be over or never to have begun; the keys `database.down`. */
export interface StacksAct {
  /** Makes what is not there yet of secrets, authority and certificates, and seals it. */
  makeKeys: (stackId: string, wanted: StackKeysWanted, options: CallOptions) => Promise<void>
  /** All of them; none is no error. */
  dropKeys: (stackId: string, options: CallOptions) => Promise<void>
  /**
   * A certificate for each server beside those that are in use, for the key that it has or a new one, and the authorities that are trusted after that step.
   * Made anew where there are some.
   */
  makeNextCertificates: (
    stackId: string,
    wanted: StackKeysWanted & { hasNewKeys: boolean; authority: AuthorityStep },
    options: CallOptions,
  ) => Promise<void>
  /** None is no error. */
  dropNextCertificates: (stackId: string, options: CallOptions) => Promise<void>
  /** They are the servers' own from now on, and those before them are gone. None is no error. */
  adoptNextCertificates: (stackId: string, options: CallOptions) => Promise<void>
  /** The cluster file that a build made the servers be; null: none any more. */
  markBuilt: (stackId: string, file: string | null, options: CallOptions) => Promise<void>
  /** No daemon of theirs is started. */
  install: (host: HostAddress, packages: readonly string[], options: CallOptions) => Promise<void>
  /** With their configuration. */
  purge: (host: HostAddress, packages: readonly string[], options: CallOptions) => Promise<void>
  /** Each at once or not at all. What stood there is kept aside; with `isAgain` that stays what was kept aside the last time. */
  put: (host: HostAddress, stackId: string, files: readonly StackFile[], options: CallOptions & { isAgain?: true }) => Promise<void>
  /** What stood there before, or nothing. Of one path several files may be given: only one as one of them was put is taken back, another is an error. */
  takeBack: (host: HostAddress, stackId: string, files: readonly StackFile[], options: CallOptions) => Promise<void>
  /** start also enables, and stop disables. No error where it is so already. */
  unit: (host: HostAddress, unit: string, verb: 'start' | 'stop' | 'restart' | 'reload', options: CallOptions) => Promise<void>
  /** Formats a volume of EBS if it is blank, and mounts it by its UUID, now and at every boot. One that holds anything but ext4 is an error. */
  mount: (host: HostAddress, what: StackVolume, options: CallOptions) => Promise<void>
  /** `add` a peer's URL, `promote` and `remove` a member's id. Only looking settles what came of it. */
  changeEtcd: (host: HostAddress, url: string, change: StackEtcdChange, options: CallOptions) => Promise<void>
  /** Removes files, with what was kept aside of them; none is no error. */
  remove: (host: HostAddress, paths: readonly string[], options: CallOptions) => Promise<void>
  /** Removes a directory and all that is in it; none is no error. */
  clear: (host: HostAddress, directory: string, options: CallOptions) => Promise<void>
  /** As postgres on the server of that host, through its socket; secrets by name. */
  sql: (host: HostAddress, stackId: string, at: { port: number; database: string }, text: string, options: CallOptions) => Promise<void>
  /** Writes one row through a door, as a client would. */
  write: (host: HostAddress, stackId: string, door: StackDoor, key: string, options: CallOptions) => Promise<void>
  /** Asks Patroni there to hand over. Only looking settles what came of it. */
  switchover: (
    host: HostAddress,
    stackId: string,
    at: { url: string; leader: string; candidate: string },
    options: CallOptions,
  ) => Promise<void>
}
