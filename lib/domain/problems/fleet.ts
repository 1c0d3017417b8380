/** An observed fact older than this is shown as stale. The observer looks at each instance about every 5 s. */
export const staleAfterSeconds = 60
/** What was registered less than this ago, and not looked at yet, is awaited: no problem, and no missing primary. */
export const firstLookSeconds = 30
export const agentSilentAfterSeconds = 300
export const expiresWithinDays = 14
/** How many of each trouble are listed by name; the counts are of all. */
export const listedMax = 12

/** Inactive slots of an instance are a problem from this much WAL on, or from this share of the disk's free space, whichever is less. */
export const idleSlotBytesMin = 1024 ** 3
export const idleSlotShareMin = 0.1

/** replay-paused: somebody has called pg_wal_replay_pause(). replaced: another member was promoted in its stead, and it is kept down. */
export type Trouble =
  | 'down'
  | 'refused'
  | 'unreachable'
  | 'stale'
  | 'not-streaming'
  | 'replay-paused'
  | 'lagging'
  | 'pending-restart'
  | 'replaced'

export interface FleetHerd {
  id: string
  name: string
  environmentId: string
  members: number
  online: number
  /** Online members that are primaries, and how many system identifiers they have between them. */
  primaries: number
  primaryIdentifiers: number
  /** Members that cannot be looked at: unreachable, refused or never seen. */
  unseen: number
  /** Of these, the ones that were registered a moment ago and have not been looked at yet. */
  awaited: number
  /** More than one manager was found on the hosts of its members. */
  isContested?: boolean
  /** Its manager, Patroni, is in maintenance mode: nobody fails it over. */
  isPaused?: boolean
  /** It was stopped on purpose, and no member runs. */
  isStopped?: boolean
  /** A health check found something critical. */
  isHealthCritical?: boolean
  /** Members by their worst trouble. */
  troubles: Partial<Record<Trouble, number>>
  /** Of the members that lag too far; null: none does. */
  lagBytesMax: number | null
  /** ISO time since when the one that was its primary has been in its present state; null: not known, or nothing has happened to it. */
  lostAt: string | null
  /** Of a herd without a primary: who would take over, and the WAL of the last primary that it has not replayed; null: nobody could. */
  successor: { title: string; lagBytes: number | null } | null
}

export interface FleetEnvironment {
  id: string
  name: string
  colour: string
  protection: 'open' | 'confirm' | 'two-person'
  servers: number
  serversReachable: number
  /** Of everything in it, those not listed included. */
  herds: number
  members: number
  online: number
}

export interface TroubledInstance {
  id: string
  title: string
  environmentId: string
  trouble: Exclude<Trouble, 'replaced'>
  state: string
  because: string | null
  lagBytes: number | null
  lagSeconds: number | null
  /** ISO time of the first look that found it so; null: not known. */
  since: string | null
  /** How many have this trouble, those not listed included. */
  total: number
}

export interface TroubledServer {
  id: string
  hostname: string
  environmentId: string
  trouble: 'host-key-changed' | 'machine-changed' | 'unreachable' | 'agent-silent'
  because: string | null
  /** ISO time of the first look that found it so; null: not known. */
  since: string | null
  /** What cannot be seen because of it: titles of instances, primaries first, and a number of poolers. */
  instances: string[]
  poolers: number
  /** How many servers have this trouble, those not listed included. */
  total: number
}

/**
 * What is wrong with who follows whom. orphaned: its upstream is gone, or is no member. forked: its timeline is not the primary's, and it does not
 * stream. idle-slot: inactive, and it retains much WAL. twice: one server is registered under two names. replaced: it must not start as primary.
 */
export type ReplicationTrouble = 'orphaned' | 'forked' | 'idle-slot' | 'twice' | 'replaced'

export interface TroubledReplication {
  id: string
  title: string
  herdId: string
  environmentId: string
  trouble: ReplicationTrouble
  /** orphaned: the upstream, or null when it follows nobody. forked: the primary. twice: the other name. replaced: the reason. idle-slot: the name of the one that holds back most. */
  other: string | null
  /** orphaned: the upstream's state; null: no member. replaced: its own state. */
  otherState: string | null
  timeline: number | null
  otherTimeline: number | null
  /** idle-slot: how many, and the WAL they hold. */
  count: number | null
  bytes: number | null
  /** ISO time since when it is so; null: not known. */
  since: string | null
  /** idle-slot: ISO time of the look that it is of. */
  seenAt: string | null
  /** replaced: what the console itself did about it when it came back, and when (ISO). */
  fenced: 'stopped' | 'signal' | null
  fencedAt: string | null
  /** How many have this trouble, those not listed included. */
  total: number
}

/** A check of health that found something critical in a herd. */
export interface CriticalHealth {
  /** Of the herd. */
  id: string
  name: string
  environmentId: string
  /** Name of the check, and its title. */
  kind: string
  check: string
  /** How many findings, and of the oldest whose it is, what it is about ('' where that is the member itself) and how bad. */
  count: number
  member: string
  object: string
  shown: string
  /** ISO times of the first look that found it, and of the last. */
  since: string
  seenAt: string
  /** How many checks of herds there are, those not listed included. */
  total: number
}

/** drift: it is not as declared. ending: certificates end soon. ended: they have ended. */
export type StackTrouble = 'drift' | 'ending' | 'ended'

/** A built cluster that is not as declared, or whose certificates end. */
export interface TroubledStack {
  id: string
  name: string
  environmentId: string
  trouble: StackTrouble
  /** How many differences or certificates, and the first in words. */
  count: number
  first: string
  /** ISO time since when. */
  since: string | null
  /** drift: ISO time of the last look that saw everything. */
  seenAt: string | null
  /** How many have this trouble, those not listed included. */
  total: number
}

/** A DNS name whose authoritative servers say something else than they should. */
export interface WrongName {
  id: string
  name: string
  environmentId: string
  because: string | null
  answer: string | null
  wanted: string | null
  /** ISO time of the last answer. */
  seenAt: string | null
  /** How many there are, those not listed included. */
  total: number
}

/** A pooler that needs somebody. */
export interface TroubledPooler {
  id: string
  title: string
  environmentId: string
  trouble: 'paused' | 'stale' | 'down'
  state: string
  because: string | null
  /** ISO time since when it is paused or points elsewhere. */
  since: string | null
  /** ISO time of the last look. */
  seenAt: string | null
  target: string | null
  wanted: string | null
  waiting: number | null
  /** Of one that serves several: the herds that have the trouble. Empty for one that serves a single herd. */
  herds: { name: string; target: string | null; wanted: string | null }[]
  /** How many have this trouble, those not listed included. */
  total: number
}

/** Seconds that a pooler may be paused, or point elsewhere, before it is a problem: a move of the primary is shorter. */
export const poolerPatienceSeconds = 5

export interface FleetRun {
  id: string
  title: string
  operation: string
  state: string
  actorName: string
  jobs: number
  jobsDone: number
  jobsFailed: number
  jobsAttention: number
  environmentIds: string[]
  createdAt: string
}

/** What somebody scheduled: it waits for its time in the next days, or was skipped or left targets out in the last ones. */
export interface FleetScheduled {
  id: string
  title: string
  state: 'waiting' | 'skipped' | 'started'
  because: string | null
  /** ISO time. */
  at: string
  actorName: string
  environmentIds: string[]
}

/** A herd that somebody has locked around work outside the console. */
export interface FleetLock {
  herdId: string
  title: string
  environmentId: string
  owner: string
  /** Host and process of the command. */
  holder: string
  reason: string
  since: string
}

/** Somebody has taken on one item of the front page, for a while. `key` and `kind` as in its problem; ISO times. */
export interface Acknowledgement {
  kind: string
  key: string
  environmentId: string | null
  note: string
  by: string
  at: string
  until: string
}

/** A job that has stopped and asks for a decision. */
export interface FleetAttention {
  jobId: string
  runId: string
  title: string
  operation: string
  because: string | null
  environmentId: string | null
  since: string | null
}

/** A plan that needs a second person. */
export interface FleetApproval {
  planId: string
  title: string
  actorName: string
  isOwn: boolean
  resource: string
  operation: string
  eligible: number
  environmentIds: string[]
  at: string
}

/** Of oneself: tokens and keys; of one's territory: launched herds, which are torn down then. */
export interface FleetExpiring {
  kind: 'token' | 'enrolment-key' | 'blueprint'
  id: string
  name: string
  role: string | null
  expiresAt: string
}

/** One's own subscription whose messages do not arrive. */
export interface FailingSubscription {
  id: string
  name: string
  /** null: of every environment. */
  environmentId: string | null
  because: string | null
  /** ISO time. */
  since: string
}

/**
 * What is wrong with how the audit log is looked after. broken: it contradicts what was signed about it. unkept: checkpoints cannot be kept or sent on.
 * unwatched: no worker has looked for a while.
 */
export interface FleetAudit {
  id: string
  trouble: 'broken' | 'unkept' | 'unwatched'
  /** Where its checkpoints are kept: `host:/path`, `database`. */
  place: string
  because: string | null
  /** ISO time since when it is so; null: not known. */
  since: string | null
}

/** A worker looks every minute. */
export const auditUnwatchedAfterSeconds = 900

/**
 * Somebody guesses what people sign in with. factor: somebody who has a person's password, or an open login of theirs, guesses the rest. account: passwords of one person,
 * from wherever. network: names, passwords or tokens, from one network.
 */
export interface FleetGuessing {
  id: string
  guessed: 'factor' | 'account' | 'network'
  /** The person's name, or the network. */
  of: string
  /** The person; null: a network. */
  personId: string | null
  times: number
  /** ISO time since when. */
  since: string
}

/** What stands in the discovery inbox. */
export interface FleetDiscovered {
  hosts: number
  instances: number
  poolers: number
}

export interface FleetFacts {
  /** ISO time of the reading. */
  at: string
  environments: FleetEnvironment[]
  /** Each that has a problem, and of the others as many as are drawn (`worthListing`). */
  herds: FleetHerd[]
  instances: TroubledInstance[]
  servers: TroubledServer[]
  replication: TroubledReplication[]
  names: WrongName[]
  health: CriticalHealth[]
  stacks: TroubledStack[]
  poolers: TroubledPooler[]
  attention: FleetAttention[]
  runs: FleetRun[]
  locks: FleetLock[]
  scheduled: FleetScheduled[]
  approvals: FleetApproval[]
  expiring: FleetExpiring[]
  failingSubscriptions: FailingSubscription[]
  audit: FleetAudit[]
  guessing: FleetGuessing[]
  acknowledged: Acknowledgement[]
  discovered: FleetDiscovered
  workers: number
}
