/** What a value of a kind counts. `times`: how often over what it should be at most. */
export type HealthUnit = 'percent' | 'bytes' | 'count' | 'days' | 'hours' | 'times'

/** none: it is there, but not for long enough, or not everywhere, to be called a problem. */
export type HealthSeverity = 'none' | 'warning' | 'critical'

export type HealthDetails = Readonly<Record<string, string | number | boolean | null>>

/** One thing that a look found. `database`: '' where it belongs to none. `atLeast`: what it is whatever its value. */
export interface HealthFound {
  database: string
  object: string
  value: number
  atLeast: HealthSeverity | null
  details: HealthDetails
}

/**
 * What a look at one kind brought. `because`: why it did not see all; what was found before and is missing now may still be there then. `notApplicable`: why the
 * question does not arise there.
 */
export interface HealthLook {
  kind: string
  found: HealthFound[]
  because: string | null
  notApplicable: string | null
}

export interface HealthRemedy {
  /** One sentence of what to do. */
  text: string
  /** SQL to run by hand, where no operation does it. */
  statement?: string
  /** An operation of the console on the instance, and its input. */
  operation?: { name: string; input: Readonly<Record<string, string>> }
}

/** A finding as its remedy is told. */
export interface FoundThere extends Omit<HealthFound, 'atLeast'> {
  isStandby: boolean
}

/** From where a value is a warning, and from where it is critical; null: it never is. */
export interface HealthLimits {
  warning: number
  critical: number | null
}

export interface HealthKind {
  name: string
  title: string
  /** Why it matters, in one or two sentences. */
  what: string
  /**
   * Who is asked: `every` member, as answers differ; the `primary` alone; `once` a herd, a standby where one is online, since it answers the same.
   */
  asks: 'every' | 'primary' | 'once'
  /** instance: one session. database: one session for each database. host: a program on the host. records: what the console keeps anyway. */
  of: 'instance' | 'database' | 'host' | 'records'
  /** Text of the question as it is put to a server of this major, or what is looked at in its place. Each row of SQL is a `HealthFound`; one without an object says that it does not apply. */
  question: (major: number) => string
  everyHours: number
  /** What it costs the server. */
  cost: string
  unit: HealthUnit
  limits: HealthLimits
  /** Which values are bad: those from a limit up, or from a limit down. */
  worse: 'above' | 'below'
  /** Found for shorter than this, in hours, it is no warning yet. */
  patienceHours?: number
  /** It counts only where every member of the herd shows it. */
  onEveryMember?: true
  remedy: (found: FoundThere) => HealthRemedy
}
