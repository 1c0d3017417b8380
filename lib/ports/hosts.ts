import type { ClustersSeen } from '@/lib/domain/managers/found-cluster'
import type { ManagersSeen } from '@/lib/domain/managers/manager'
import type { CheckStep } from '@/lib/domain/values/check-step'
import type { HostAddress } from './addresses'

export interface CommandOptions {
  /** Milliseconds until the remote process is killed and `shell.timeout` is thrown. */
  timeoutMs: number
  signal?: AbortSignal
  /** A promise: the command runs meanwhile, and reads the end of its input when that comes. It must not reject. */
  stdin?: string | Promise<string>
  /** Called with each piece of output as it comes. */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void
}

/** Success is judged by `exitCode` and by looking again, never by an empty stderr. Output past 1 MiB a stream is cut and `isCut` set. */
export interface CommandResult {
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
  isCut: boolean
  tookMs: number
}

/** A PgBouncer that runs on a host, as its process and its file say. Observed, never configuration. */
export interface FoundPooler {
  configPath: string
  /** false: its file may not be read by the SSH user, and what follows are defaults. */
  isReadable: boolean
  port: number
  /** null: it has no socket with a file. */
  socketDirectory: string | null
  poolMode: string
  authType: string
  /** null host: the pooler's own. */
  databases: { name: string; host: string | null; port: number }[]
}

/** What a host says of itself. Everything that could not be seen is null. */
export interface HostFacts {
  os: string | null
  /** Processors that are online. */
  cpus: number | null
  loadPerCpu: number | null
  /** Of all processors together since the host started, in its own ticks. */
  cpuBusy: number | null
  cpuTotal: number | null
  /** Where it tells a share of its processors, 0 to 100, in place of these counters. */
  cpuPercent?: number | null
  memoryBytes: number | null
  memoryAvailableBytes: number | null
  /** Of the file system with the least share free, of those that hold a data directory, its WAL or a tablespace. */
  diskFreeBytes: number | null
  /** How large that file system is. */
  diskBytes: number | null
  /** Positive: the host's clock is ahead of ours. */
  clockOffsetSeconds: number | null
  poolers: FoundPooler[]
  /** Of the servers on it; null: looking did not get that far. */
  managers: ManagersSeen | null
  /** Of an endpoint that is not known to answer, while the rest is known of it: its servers are still looked at. Left out: it answers. */
  away?: { state: 'unreachable' | 'unknown'; because: string }
}

export type HostCheckStep = CheckStep<
  'reachable' | 'host-key' | 'login' | 'machine' | 'user' | 'binaries' | 'versions' | 'clusters' | 'disk' | 'clock'
>

export interface HostsRead {
  /**
   * Runs a command that only looks. Arguments, never a glued string. A non-zero exit is a result, not a fault. Throws `shell.unreachable`, `.denied`,
   * `.host-key-unknown`, `.host-key-changed`, `.machine-changed`, `.machine-unknown` when it surely did not start; `shell.timeout` when it was killed at its deadline (`isOver`), or the host or the
   * connection was silent and its fate is not known; `shell.cancelled`.
   */
  read: (host: HostAddress, argv: readonly string[], options: CommandOptions) => Promise<CommandResult>
  /** First contact: the key the host shows (`SHA256:…`) without running anything. Throws `shell.unreachable`, `shell.cancelled`. */
  showHostKey: (
    host: Pick<HostAddress, 'address' | 'port' | 'hostname'>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ) => Promise<{ fingerprint: string; keyType: string }>
  /**
   * Who beside Matriarch decides which of the servers on this host are primary: Patroni, repmgr and the like. Tells of the servers with these data
   * directories. Throws as `read` does, and `shell.failed` where looking came to no end.
   */
  managers: (
    host: HostAddress,
    dataDirectories: readonly string[],
    options: { timeoutMs: number; signal?: AbortSignal },
  ) => Promise<ManagersSeen>
  /**
   * The Patroni clusters that a host can tell of, running there or only configured: members, namespace and etcd as their REST API and DCS say, asked by the
   * host itself; and the HAProxies on it. Throws as `read` does, and `shell.failed` where looking came to no end.
   */
  patroniClusters: (host: HostAddress, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<ClustersSeen>
  /**
   * The dynamic configuration of the cluster to which the Patroni of this data directory belongs, as it answers GET /config: the text of a JSON document.
   * Throws as `askPatroni` does, and `shell.failed` for any status but 200.
   */
  patroniConfig: (host: HostAddress, dataDirectory: string, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<string>
  /**
   * Who holds the leader key, as the Patroni of this data directory and the holder’s own say at this moment. Throws as `askPatroni` does, and `shell.failed` for
   * any status but 200.
   */
  patroniLeader: (host: HostAddress, dataDirectory: string, options: { timeoutMs: number; signal?: AbortSignal }) => Promise<PatroniLeader>
  /**
   * What the server with that data directory is, as its files and its process say, until the signal or for `timeoutMs`: at once, and within a fraction of a
   * second of each change. It asks neither the server nor its manager. Throws as `read` does: a host that falls silent is `shell.timeout`.
   */
  watchRole: (
    host: HostAddress,
    dataDirectory: string,
    options: { timeoutMs: number; signal?: AbortSignal; onRole: (role: ServerRole) => void },
  ) => Promise<void>
  /**
   * A command for long work on the host that ends a pause after so many seconds of its uptime, and goes on trying for a day where Patroni does not answer
   * then. Only the pause whose configuration holds the key as `matriarch_pause`; it ends by itself once that one is over.
   */
  endPauseCommand: (dataDirectory: string, key: string, seconds: number) => Promise<string[]>
  /**
   * The step-by-step check of the server form: every step in its order, those that could not be looked at as skipped. `timeoutMs` is for each of its looks.
   * Throws `shell.cancelled`, and never for a bad host.
   */
  check: (
    host: HostAddress,
    options: { timeoutMs: number; signal?: AbortSignal; profile: string; onStep?: (step: HostCheckStep) => void },
  ) => Promise<HostCheckStep[]>
}

/** none: no server runs there. */
export type ServerRole = 'primary' | 'standby' | 'none'

export interface PatroniLeader {
  /** Patroni’s name of whoever holds the leader key; null: nobody does. */
  leader: string | null
  /** What the server of that member is: it takes writes, it does not, or nobody holds the key. */
  holder: 'primary' | 'other' | 'none'
  /** Whether the asked member’s own loop has read that it is paused. */
  isPaused: boolean
}

/** An act on a Patroni cluster, as its REST API names it. */
export interface PatroniRequest {
  /** Whose Patroni is asked: the one that looks after this data directory. */
  dataDirectory: string
  method: 'POST' | 'PATCH' | 'DELETE'
  path: '/switchover' | '/restart' | '/reload' | '/reinitialize' | '/config'
  body: JsonBody
  /** Refused with 409, and nothing sent, unless this is what `patroniConfig` gives at that moment. */
  whileConfigIs?: string
}

export type JsonBody = { readonly [key: string]: JsonPart }
type JsonPart = string | number | boolean | null | undefined | readonly JsonPart[] | JsonBody

/** What Patroni said. A 503 may mean “status unknown”: only looking again settles that. */
export interface PatroniAnswer {
  status: number
  text: string
}

export interface HostsAct {
  /**
   * Patroni's REST API, asked by its own host with the login and the certificates of its own configuration: none of them leaves the host. Any status is an
   * answer. Throws `shell.*`: `shell.failed` (`isOver`) where no Patroni looks after that directory, `shell.timeout` where its API kept silent.
   */
  askPatroni: (host: HostAddress, request: PatroniRequest, options: CommandOptions) => Promise<PatroniAnswer>
  /** Throws as `read` does. */
  run: (host: HostAddress, argv: readonly string[], options: CommandOptions) => Promise<CommandResult>
}
