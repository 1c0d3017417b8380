import type { JsonObject } from './json'

/**
 * Every refusal and failure the program can name. A code is stable: it is what the API returns, what a script may test for, and what the log carries.
 * `retry` says whether the same call can succeed later without anybody changing anything.
 */
export const faultTable = {
  'input.invalid': { status: 422, retry: false, sentence: 'Some of what was sent is not valid.' },
  'limit.reached': { status: 429, retry: true, sentence: 'Too much of this runs at once. Try again when some of it has ended.' },
  'input.malformed': { status: 400, retry: false, sentence: 'The body is not JSON in UTF-8.' },
  'input.media-type': { status: 415, retry: false, sentence: 'The body has to be JSON: send Content-Type: application/json.' },
  'input.too-large': { status: 413, retry: false, sentence: 'What was sent is too large.' },
  'auth.required': { status: 401, retry: false, sentence: 'Sign in, or send a valid token.' },
  'auth.rejected': { status: 401, retry: false, sentence: 'The user name or the password is wrong.' },
  'auth.throttled': { status: 429, retry: true, sentence: 'Too many attempts. Wait a little and try again.' },
  'auth.directory-down': { status: 503, retry: true, sentence: 'The directory does not answer. A local account still works.' },
  'auth.provider-down': { status: 503, retry: true, sentence: 'The identity provider does not answer. A local account still works.' },
  'auth.proof': {
    status: 401,
    retry: false,
    sentence: 'This needs a fresh proof that it is you: give your password on the console’s page, or sign in again. Nothing was changed.',
  },
  'access.denied': { status: 403, retry: false, sentence: 'You do not have the permission for this.' },
  'call.missing': { status: 404, retry: false, sentence: 'The API has no such path; /api/openapi.json lists what it has.' },
  'call.method': { status: 405, retry: false, sentence: 'This path does not take this method.' },
  'record.missing': { status: 404, retry: false, sentence: 'There is no such object, or you may not see it.' },
  'record.conflict': { status: 409, retry: false, sentence: 'Somebody else has changed this since you opened it.' },
  'record.duplicate': { status: 409, retry: false, sentence: 'Another object already has this value.' },
  'record.in-use': { status: 409, retry: false, sentence: 'Other objects still need this one.' },
  'plan.moved': { status: 409, retry: false, sentence: 'Something changed since this plan was made. Nothing has run; read the new plan.' },
  'plan.phrase': { status: 422, retry: false, sentence: 'The typed phrase does not match.' },
  'plan.refused': { status: 409, retry: false, sentence: 'No target passes the checks of this operation.' },
  'plan.approval': { status: 403, retry: false, sentence: 'A second person has to approve this plan.' },
  'plan.window': { status: 409, retry: true, sentence: 'This is outside the maintenance windows.' },
  'plan.failed': { status: 502, retry: true, sentence: 'The plan could not be made.' },
  'run.closed': { status: 409, retry: false, sentence: 'This run has already ended.' },
  'lease.lost': { status: 409, retry: true, sentence: 'Another worker drives this job now.' },
  'lock.held': { status: 409, retry: true, sentence: 'Somebody else holds the lock of this herd.' },
  'lock.lost': { status: 409, retry: false, sentence: 'This lock is no longer held: it was broken, or it has expired.' },
  'worker.absent': { status: 503, retry: true, sentence: 'No worker answers. Start one, or read its log.' },
  'queue.down': { status: 503, retry: true, sentence: 'The queue does not answer.' },
  'database.down': { status: 503, retry: true, sentence: 'The metadata database does not answer.' },
  'shell.unreachable': { status: 502, retry: true, sentence: 'The host does not answer over SSH.' },
  'shell.denied': { status: 502, retry: false, sentence: 'The host refuses the console’s SSH key.' },
  'shell.host-key-unknown': { status: 409, retry: false, sentence: 'The host key is not pinned. Compare the fingerprint and accept it.' },
  'shell.host-key-changed': {
    status: 409,
    retry: false,
    sentence: 'The host shows another key than the pinned one. Everything on it is refused until somebody accepts the new key.',
  },
  'shell.machine-changed': {
    status: 409,
    retry: false,
    sentence: 'Another machine answers than the registered one. Everything on it is refused until somebody accepts the new one.',
  },
  'shell.machine-unknown': { status: 409, retry: false, sentence: 'The host does not say which machine it is. Nothing runs there.' },
  'shell.no-host': { status: 409, retry: false, sentence: 'There is no host that the console could log in to.' },
  'shell.failed': { status: 502, retry: false, sentence: 'The command failed on the host.' },
  'shell.timeout': { status: 504, retry: true, sentence: 'The command did not end in time; whether it did its work is not known.' },
  'shell.cancelled': { status: 499, retry: false, sentence: 'The command was cancelled.' },
  'sql.unreachable': { status: 502, retry: true, sentence: 'PostgreSQL does not accept the connection.' },
  'sql.failed': { status: 422, retry: false, sentence: 'PostgreSQL refused the statement.' },
  'sql.timeout': { status: 504, retry: true, sentence: 'The statement did not end in time.' },
  'cloud.unreachable': { status: 502, retry: true, sentence: 'The cloud does not answer.' },
  'cloud.refused': { status: 502, retry: false, sentence: 'The cloud refused.' },
  'cloud.no-capacity': { status: 502, retry: true, sentence: 'The cloud has no machine of this type to give here at the moment.' },
  'cloud.wrong-state': { status: 409, retry: true, sentence: 'The machine is in a state in which the cloud does not do that.' },
  'cloud.unfit': { status: 502, retry: false, sentence: 'The cloud cannot make this machine one of this type.' },
  'dns.unreachable': { status: 502, retry: true, sentence: 'The name server does not answer.' },
  'dns.timeout': {
    status: 504,
    retry: true,
    sentence: 'The name server did not answer in time; whether the update happened is not known.',
  },
  'dns.refused': { status: 502, retry: false, sentence: 'The name server refused.' },
  'dns.changed': { status: 409, retry: false, sentence: 'The record is not what was expected. Nothing was changed.' },
  'dns.untrusted': {
    status: 502,
    retry: false,
    sentence: 'The name server’s answer is not signed with the zone’s key, so it is not believed.',
  },
  'pooler.unreachable': { status: 502, retry: true, sentence: 'The pooler does not accept the connection.' },
  'pooler.refused': { status: 422, retry: false, sentence: 'The pooler refused the command.' },
  'pooler.timeout': {
    status: 504,
    retry: true,
    sentence: 'The pooler did not answer in time; whether the command took effect is not known.',
  },
  'pooler.fenced': { status: 409, retry: false, sentence: 'A later writer has changed this pooler’s file. Nothing was changed.' },
  'step.blocked': { status: 409, retry: false, sentence: 'The step cannot run now.' },
  'step.unknown': { status: 500, retry: false, sentence: 'Whether the step happened is not known.' },
  'internal.bug': { status: 500, retry: false, sentence: 'A bug in Matriarch stopped this. Nothing else is affected.' },
} as const satisfies Record<string, { status: number; retry: boolean; sentence: string }>

export type FaultCode = keyof typeof faultTable

/** One message about one field of what a person or a script sent. `path` is dotted: `policy.parallel`. */
export interface FieldProblem {
  path: string
  message: string
}

export interface FaultFacts {
  /** A sentence for a person that is more exact than the table's. */
  because?: string
  fields?: FieldProblem[]
  /** Of `record.conflict`: what is stored now, and under which revision. */
  current?: JsonObject
  revision?: number
  /** True when what was asked for is known to have ended on the host, or never to have begun: it cannot happen any more after this fault. */
  isOver?: boolean
  /** What a person at `attention` is asked when a step cannot tell whether it happened. */
  question?: string
  [key: string]: unknown
}

/** One process can hold this module twice: in the web server's own files and in Next's bundles. A fault of either is a fault to both. */
const mark = Symbol.for('matriarch.fault')

/** A failure with a name. Facts go to the log and, where they are plain, to the person; the cause stays in the log. */
export class Fault extends Error {
  readonly [mark] = true
  readonly code: FaultCode
  readonly facts: FaultFacts

  constructor(code: FaultCode, facts: FaultFacts = {}, options?: { cause?: unknown }) {
    super(facts.because ?? faultTable[code].sentence, options)
    this.name = 'Fault'
    this.code = code
    this.facts = facts
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value
  }

  get status(): number {
    return faultTable[this.code].status
  }

  get canRetry(): boolean {
    return faultTable[this.code].retry
  }
}

export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)

/** What was thrown, as a Fault: bugs keep their cause and become `internal.bug`. */
export const toFault = (error: unknown): Fault => (error instanceof Fault ? error : new Fault('internal.bug', {}, { cause: error }))
