import { type Session, sessionKey } from '@/lib/domain/activity/session'
import type { MemberActivity } from '@/lib/shapes/activity'

/** A session on the page: with its instance it has one name. */
export interface ShownSession {
  /** `instance pid@start`. */
  key: string
  instanceId: string
  instance: string
  session: Session
}

export const kindsShown = ['clients', 'working', 'waiting', 'in transaction', 'all'] as const
export type KindShown = (typeof kindsShown)[number]

export const groupings = ['none', 'user', 'application', 'client', 'database', 'state', 'instance'] as const
export type Grouping = (typeof groupings)[number]

export const sessionsOf = (members: readonly MemberActivity[]): ShownSession[] =>
  members.flatMap(({ instanceId, title, activity }) =>
    (activity?.sessions ?? []).map((session) => ({ key: `${instanceId} ${sessionKey(session)}`, instanceId, instance: title, session })),
  )

const isShown: Record<KindShown, (session: Session) => boolean> = {
  clients: ({ kind }) => kind === 'client backend',
  working: ({ state }) => state === 'active',
  waiting: ({ blockedBy }) => blockedBy.length > 0,
  'in transaction': ({ transactionSeconds, kind }) => transactionSeconds !== null && kind === 'client backend',
  all: () => true,
}

const textOf = ({ instance, session }: ShownSession): string =>
  [
    session.pid,
    instance,
    session.user,
    session.application,
    session.client,
    session.database,
    session.state,
    session.wait,
    session.statement,
  ]
    .join(' ')
    .toLowerCase()

/** Every word must be somewhere in the row. Longest open transaction first, then longest in its state. */
export const filtered = (sessions: readonly ShownSession[], kind: KindShown, search: string): ShownSession[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return sessions
    .filter((one) => isShown[kind](one.session) && (words.length === 0 || words.every((word) => textOf(one).includes(word))))
    .sort(
      ({ session: a }, { session: b }) =>
        (b.transactionSeconds ?? -1) - (a.transactionSeconds ?? -1) || (b.stateSeconds ?? 0) - (a.stateSeconds ?? 0) || a.pid - b.pid,
    )
}

const groupOf = ({ instance, session }: ShownSession, by: Grouping): string => {
  switch (by) {
    case 'none':
      return ''
    case 'instance':
      return instance
    case 'client':
      return session.client ?? 'over the socket'
    default:
      return session[by] || 'none'
  }
}

/** The largest group first. */
export const grouped = (sessions: readonly ShownSession[], by: Grouping): { name: string; sessions: ShownSession[] }[] => {
  const groups = new Map<string, ShownSession[]>()
  for (const one of sessions) groups.set(groupOf(one, by), [...(groups.get(groupOf(one, by)) ?? []), one])
  return [...groups].map(([name, of]) => ({ name, sessions: of })).sort((a, b) => b.sessions.length - a.sessions.length)
}

/** What the operations are told: the targets, and the sessions by name. */
export const signalQuery = (chosen: readonly ShownSession[]): string => {
  const targets = [...new Set(chosen.map(({ instanceId }) => instanceId))]
  return `ids=${targets.join(',')}&sessions=${encodeURIComponent(chosen.map(({ session }) => sessionKey(session)).join(','))}`
}

export const stateWords = ({ kind, state, waitType, wait }: Session): string => {
  const what = state ?? kind
  // An idle client waits for its next statement, which tells nothing.
  return waitType === null || waitType === 'Client' || waitType === 'Activity' ? what : `${what}, ${waitType}: ${wait}`
}
