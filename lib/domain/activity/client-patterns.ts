import type { Session } from './session'

/** Of a pattern: `app%` is of users, as pygmy has it. */
export const patternSubjects = ['user', 'application', 'address'] as const
export type PatternSubject = (typeof patternSubjects)[number]

/** `user:app_%`, `application:pg_repack%`, `address:10.2.%`, `app%`: one of a rule's entries, and what is said of another. */
export const clientPattern = {
  source: '^(?:(?:user|application|address):)?[^,\\r\\n]{1,120}$',
  message:
    'Write a pattern as LIKE has it, of users or with application: or address: before it: app%, application:pg_repack%, address:10.2.%.',
}

const isWhole = new RegExp(clientPattern.source)

export const isClientPattern = (text: string): boolean => isWhole.test(text)

export interface ClientPatterns {
  /** Only clients that match one of these count; none: all do. */
  counted: readonly string[]
  /** Clients that match one of these do not. */
  ignored: readonly string[]
}

type Client = Pick<Session, 'user' | 'application' | 'client' | 'kind' | 'state'>

const subjectOf = (entry: string): { of: PatternSubject; pattern: string } => {
  const at = entry.indexOf(':')
  const of = patternSubjects.find((one) => one === entry.slice(0, at))
  return of === undefined ? { of: 'user', pattern: entry } : { of, pattern: entry.slice(at + 1) }
}

const matches = ({ user, application, client }: Client, entry: string): boolean => {
  const { of, pattern } = subjectOf(entry)
  const text = { user, application, address: client }[of]
  return text !== null && isLike(text, pattern)
}

/** Over the socket there is no address, and a pattern of addresses does not match. The console's own sessions are no clients. */
export const countsAsClient = (session: Client, { counted, ignored }: ClientPatterns): boolean =>
  session.kind === 'client backend' &&
  session.application !== consoleApplication &&
  (counted.length === 0 || counted.some((one) => matches(session, one))) &&
  !ignored.some((one) => matches(session, one))

const consoleApplication = 'matriarch'

/** Active, or idle in a transaction. */
const isBusy = ({ state }: Client): boolean =>
  state === 'active' || state === 'fastpath function call' || state?.startsWith('idle in transaction') === true

/** How many clients are active or in a transaction. null: too many sessions were there for all to be seen. */
export const busyClients = (
  { sessions, leftOut }: { sessions: readonly Client[]; leftOut: number },
  patterns: ClientPatterns,
): number | null => (leftOut > 0 ? null : sessions.filter((one) => isBusy(one) && countsAsClient(one, patterns)).length)

/** As LIKE of PostgreSQL: `%` any text, `_` one character, a backslash takes the next one as it is; upper and lower case differ. In time of both lengths. */
export const isLike = (text: string, pattern: string): boolean => {
  const characters = [...text]
  const parts = partsOf(pattern)
  let [at, part, star, mark] = [0, 0, -1, 0]
  while (at < characters.length) {
    const one = parts[part]
    if (one === 'any') [star, mark, part] = [part, at, part + 1]
    else if (one !== undefined && (one === 'one' || one.is === characters[at])) [at, part] = [at + 1, part + 1]
    else if (star >= 0) {
      mark += 1
      at = mark
      part = star + 1
    } else return false
  }
  return parts.slice(part).every((one) => one === 'any')
}

type Part = 'any' | 'one' | { is: string }

const partsOf = (pattern: string): Part[] => {
  const parts: Part[] = []
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at += 1) {
    const one = characters[at]!
    if (one === '%') parts.push('any')
    else if (one === '_') parts.push('one')
    else if (one === '\\' && at + 1 < characters.length) {
      at += 1
      parts.push({ is: characters[at]! })
    } else parts.push({ is: one })
  }
  return parts
}
