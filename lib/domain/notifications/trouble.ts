import type { ProblemKind, Severity } from '../problems/problem'

/** What a subscription can be about. */
export const families = ['problems', 'approvals', 'attention', 'certificates', 'scheduled'] as const
export type Family = (typeof families)[number]

/** A problem of the front page, or a certificate that proves nothing. */
export type TroubleKind = ProblemKind | 'certificate'

/** In messages; the words are those of PagerDuty's events as well. */
export const severityNames = ['critical', 'error', 'warning', 'info'] as const satisfies Record<Severity, string>
export type SeverityName = (typeof severityNames)[number]
export const severityOf = (name: SeverityName): Severity => severityNames.indexOf(name) as Severity

/**
 * Under which heading each kind is told. null: nobody is told. Those are a person's own (keys that expire), a standing list (the inbox), what no worker could tell
 * (that none runs), and that a subscription fails.
 */
const familyByKind: Readonly<Record<TroubleKind, Family | null>> = {
  'no-worker': null,
  'split-brain': 'problems',
  'no-primary': 'problems',
  foreign: 'problems',
  'two-managers': 'problems',
  'manager-paused': 'problems',
  attention: 'attention',
  'server-host-key-changed': 'problems',
  'server-machine-changed': 'problems',
  'server-unreachable': 'problems',
  'server-agent-silent': 'problems',
  down: 'problems',
  unreachable: 'problems',
  refused: 'problems',
  'not-streaming': 'problems',
  'replay-paused': 'problems',
  lagging: 'problems',
  stale: 'problems',
  'pending-restart': 'problems',
  'name-wrong': 'problems',
  'health-critical': 'problems',
  'stack-drift': 'problems',
  'stack-ending': 'problems',
  'stack-ended': 'problems',
  'pooler-paused': 'problems',
  'pooler-stale': 'problems',
  'pooler-down': 'problems',
  forked: 'problems',
  orphaned: 'problems',
  replaced: 'problems',
  twice: 'problems',
  'idle-slot': 'problems',
  'scheduled-skipped': 'scheduled',
  approval: 'approvals',
  expiring: null,
  inbox: null,
  'subscription-failing': null,
  'audit-broken': 'problems',
  'audit-unkept': 'problems',
  'audit-unwatched': 'problems',
  'guessing-factor': 'problems',
  guessing: 'problems',
  certificate: 'certificates',
}
export const familyOf = (kind: TroubleKind): Family | null => familyByKind[kind] ?? null

/** Something that happened once: its row leaves the front page after some days, and that is no end to tell. */
const once: ReadonlySet<TroubleKind> = new Set(['scheduled-skipped', 'certificate'])
export const hasEnd = (kind: TroubleKind): boolean => !once.has(kind)

export interface Remedy {
  label: string
  /** Path in the console. */
  href: string
}

/** One trouble as one look found it. Texts hold no secret and no SQL. */
export interface Trouble {
  kind: TroubleKind
  /** Unique within its kind and territory. */
  key: string
  /** All that it touches; it is told only to who may see every one. Empty: of the console itself. */
  environmentIds: readonly string[]
  severity: Severity
  /** What is wrong: “No writable primary”. */
  headline: string
  /** With what. */
  label: string
  detail: string
  /** Path in the console. */
  href: string
  remedy: Remedy | null
  /** ISO time since when it is so; null: not known. */
  since: string | null
}

/** A trouble with its identity, which it keeps over its life. */
export interface Incident extends Trouble {
  id: string
  /** ISO time of the first look that found it. */
  beganAt: string
  /** ISO time; null: it goes on. */
  endedAt: string | null
  /** How often it came back within `flapSeconds` of its end. */
  flaps: number
}

export const keyOf = ({ kind, key, environmentIds }: Pick<Trouble, 'kind' | 'key' | 'environmentIds'>): string =>
  JSON.stringify([kind, key, [...environmentIds].sort()])
