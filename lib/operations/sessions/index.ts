import { z } from 'zod'
import { parseSessionKey, runsStatement, type Session, type Signal, sessionKey } from '@/lib/domain/activity/session'
import { statementShape } from '@/lib/domain/activity/shape'
import { counted } from '@/lib/domain/values/counted'
import { formatDuration } from '@/lib/domain/values/duration'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, warn } from '@/lib/kernel/operation/verdict'
import type { ReadPorts } from '@/lib/ports'
import { gatherInstance, type InstanceFacts, type Plain, probeTimeoutMs } from '../facts/instance'
import { aboutInstance, firmInstance, instanceNow } from '../facts/instance-head'
import { acceptsConnections, seenRow } from '../gates/seen'
import { signalSessions } from '../steps/postgres/signal-sessions'

const sessionsMax = 200

type SignalFacts = InstanceFacts & {
  /** Of those asked for, the ones that are there. */
  sessions: Plain<Session>[]
  /** Asked for, and not on this instance: ended meanwhile, or another instance's. */
  gone: number
}

const input = z.strictObject({
  sessions: z
    .string()
    .trim()
    .min(1)
    .max(sessionsMax * 48)
    .refine((text) => keysOf(text).length > 0 && keysOf(text).every((key) => parseSessionKey(key) !== null), {
      error: 'Sessions are named as pid@start with commas between them: 4711@2026-03-01T12:00:00.123456Z. The page Activity names them so.',
    })
    .refine((text) => keysOf(text).length <= sessionsMax, { error: `At most ${sessionsMax} sessions.` })
    .meta({
      title: 'Sessions',
      description: 'pid@start of each, with commas between them, as the page Activity and the API name them.',
      examples: ['4711@2026-03-01T12:00:00.123456Z'],
    }),
})

function keysOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean),
    ),
  ]
}

const gather = async (ports: ReadPorts, { sessions: text }: z.output<typeof input>, context: GatherContext): Promise<SignalFacts> => {
  const facts = await gatherInstance(ports, context)
  if (facts.probe.state !== 'online') return { ...facts, sessions: [], gone: 0 }
  const keys = new Set(keysOf(text).map((key) => sessionKey(parseSessionKey(key)!)))
  const activity = await ports.activity.look(facts.instance.address, { timeoutMs: probeTimeoutMs, signal: context.signal })
  const sessions = activity.sessions.filter((session) => keys.has(sessionKey(session)))
  return { ...facts, sessions, gone: keys.size - sessions.length }
}

/** `app at 10.0.0.7, psql, database shop: active for 3 min, update orders set state = ?` */
const sessionWords = (session: Plain<Session>): string => {
  const { user, client, application, database, state, stateSeconds, transactionSeconds, statement } = session
  const who = [`${user ?? session.kind}${client === null ? '' : ` at ${client}`}`, application, database && `database ${database}`].filter(
    Boolean,
  )
  const since = stateSeconds === null ? '' : ` for ${formatDuration(stateSeconds)}`
  const open = transactionSeconds === null ? '' : `, transaction open for ${formatDuration(transactionSeconds)}`
  return `${who.join(', ')}: ${state ?? 'at work'}${since}${open}${statement === null ? '' : `; ${statementShape(statement, 120)}`}`
}

const chosenAreThere = ({ probe, sessions, gone }: SignalFacts): Verdict => {
  if (probe.state !== 'online') return pass
  if (sessions.length === 0) return passBecause('None of them is here any more.')
  return passBecause(
    gone === 0 ? counted(sessions.length, 'session') : `${counted(sessions.length, 'session')}; ${gone} not here any more.`,
  )
}

const nothingRuns = ({ sessions }: SignalFacts): Verdict => {
  const idle = sessions.filter((session) => !runsStatement(session))
  return idle.length === 0
    ? pass
    : warn(
        `${idle.map(({ pid, state }) => `${pid} is ${state ?? 'not a client'}`).join(', ')}: there is no statement to cancel. Terminate a session to end its transaction.`,
      )
}

/** Sessions that are not an application's. */
const serversOwn = ({ sessions }: SignalFacts): Verdict => {
  const standbys = sessions.filter(({ kind }) => kind === 'walsender')
  if (standbys.length > 0)
    return warn(
      `${standbys.map(({ application }) => application).join(', ')} receives WAL through it: the standby or subscriber connects again.`,
    )
  const workers = sessions.filter(({ kind }) => kind === 'autovacuum worker')
  return workers.length > 0
    ? warn('Autovacuum begins again at its next turn; what it had done on that table is lost. Against wraparound it must come to its end.')
    : pass
}

const openTransactions = ({ sessions }: SignalFacts): Verdict => {
  const open = sessions.filter(({ transactionSeconds }) => transactionSeconds !== null)
  return open.length === 0 ? pass : passBecause(`${counted(open.length, 'open transaction')} will be rolled back.`)
}

const waitForThem = ({ sessions }: SignalFacts): Verdict => {
  const waiting = sessions.filter(({ blockedBy }) => blockedBy.length > 0)
  return waiting.length === 0
    ? pass
    : warn(`${waiting.map(({ pid, blockedBy }) => `${pid} waits for ${blockedBy.join(', ')}`).join('; ')}. What holds the lock stays.`)
}

const now = (facts: SignalFacts) => [
  ...instanceNow(facts),
  ...facts.sessions.map((session) => ({ label: String(session.pid), value: sessionWords(session) })),
]

/** What a person has read and agreed to: these sessions, and for a cancel these statements. */
const firm = (signal: Signal) => (facts: SignalFacts) => ({
  ...firmInstance(facts),
  sessions: facts.sessions.map((session) => (signal === 'cancel' ? `${sessionKey(session)} ${session.statementAt}` : sessionKey(session))),
})

export const cancelStatements = defineOperation({
  name: 'cancel-statements',
  on: 'instance',
  role: 'operator',
  title: 'Cancel running statements',
  verb: 'Cancel statements',
  danger: 'routine',
  input,
  help: [
    'Cancels what the chosen sessions run (pg_cancel_backend). Their transactions are rolled back; the sessions stay.',
    'The plan names user, application, statement and age of each. A session that runs another statement by then is not touched, nor one that has ended.',
  ],
  gather,
  about: aboutInstance,
  firm: firm('cancel'),
  managed: { harmless: 'A manager opens its own sessions again.' },
  locks: () => [],
  now,
  offered: (row) => acceptsConnections(seenRow(row)),
  neverAsksPhrase: true,
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('sessions', 'Chosen sessions', chosenAreThere)
  .gate('idle', 'They run something', nothingRuns)
  .gate('own', 'They are clients', serversOwn)
  .gate('waiting', 'They are not the ones that wait', waitForThem)
  .effect(
    'cancel',
    signalSessions(
      'cancel',
      ({ instance }) => instance,
      ({ sessions }) => sessions.filter(runsStatement),
    ),
  )
  .build()

export const terminateSessions = defineOperation({
  name: 'terminate-sessions',
  on: 'instance',
  role: 'operator',
  title: 'Terminate sessions',
  verb: 'Terminate sessions',
  danger: 'disruptive',
  input,
  help: [
    'Ends the chosen sessions (pg_terminate_backend). Their transactions are rolled back and their clients are disconnected.',
    'The plan names user, application, statement and age of each. A session is known by its pid and its start: one that took the pid over is not touched.',
  ],
  gather,
  about: aboutInstance,
  firm: firm('terminate'),
  managed: { harmless: 'A manager opens its own sessions again.' },
  locks: () => [],
  now,
  affected: ({ sessions }) =>
    sessions.length === 0
      ? []
      : [{ kind: 'clients', count: sessions.length, sentence: `${counted(sessions.length, 'session')} will be disconnected.` }],
  offered: (row) => acceptsConnections(seenRow(row)),
})
  .gate('running', 'Reachable and accepting connections', ({ probe }) => acceptsConnections(probe))
  .gate('sessions', 'Chosen sessions', chosenAreThere)
  .gate('transactions', 'Open transactions', openTransactions)
  .gate('own', 'They are clients', serversOwn)
  .gate('waiting', 'They are not the ones that wait', waitForThem)
  .effect(
    'terminate',
    signalSessions(
      'terminate',
      ({ instance }) => instance,
      ({ sessions }) => sessions,
    ),
  )
  .build()
