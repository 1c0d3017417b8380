import type {
  CriticalHealth,
  FailingSubscription,
  FleetApproval,
  FleetAttention,
  FleetAudit,
  FleetDiscovered,
  FleetExpiring,
  FleetGuessing,
  FleetHerd,
  FleetScheduled,
  TroubledInstance,
  TroubledPooler,
  TroubledReplication,
  TroubledServer,
  TroubledStack,
  WrongName,
} from './fleet'

/** 0: somebody may be losing data or service now. 1: something is broken. 2: something will break, or is not known. 3: worth knowing. */
export type Severity = 0 | 1 | 2 | 3

/** What an item of each kind of problem is about. */
export interface Subjects {
  'no-worker': null
  'split-brain': FleetHerd
  'no-primary': FleetHerd
  foreign: FleetHerd
  'two-managers': FleetHerd
  'manager-paused': FleetHerd
  attention: FleetAttention
  'server-host-key-changed': TroubledServer
  'server-machine-changed': TroubledServer
  'server-unreachable': TroubledServer
  'server-agent-silent': TroubledServer
  down: TroubledInstance
  unreachable: TroubledInstance
  refused: TroubledInstance
  'not-streaming': TroubledInstance
  'replay-paused': TroubledInstance
  lagging: TroubledInstance
  stale: TroubledInstance
  'pending-restart': TroubledInstance
  'name-wrong': WrongName
  'health-critical': CriticalHealth
  'stack-drift': TroubledStack
  'stack-ending': TroubledStack
  'stack-ended': TroubledStack
  'pooler-paused': TroubledPooler
  'pooler-stale': TroubledPooler
  'pooler-down': TroubledPooler
  forked: TroubledReplication
  orphaned: TroubledReplication
  replaced: TroubledReplication
  twice: TroubledReplication
  'idle-slot': TroubledReplication
  'scheduled-skipped': FleetScheduled
  approval: FleetApproval
  'subscription-failing': FailingSubscription
  'audit-broken': FleetAudit
  'audit-unkept': FleetAudit
  'audit-unwatched': FleetAudit
  'guessing-factor': FleetGuessing
  guessing: FleetGuessing
  expiring: FleetExpiring
  inbox: FleetDiscovered
}

export type ProblemKind = keyof Subjects

export interface ProblemItem<Subject> {
  /** Unique within its kind; what an acknowledgement names. */
  key: string
  environmentId: string | null
  subject: Subject
}

/** One judgement over the fleet: of which kind, how bad, and whom it is about. Words and addresses are given elsewhere. */
export interface ProblemOf<Kind extends ProblemKind> {
  kind: Kind
  severity: Severity
  items: readonly ProblemItem<Subjects[Kind]>[]
  /** How many there are, those not listed included. */
  total: number
}

export type Problem = { [Kind in ProblemKind]: ProblemOf<Kind> }[ProblemKind]
