import type { DestinationSource } from '@/db/notifications/destinations'
import {
  type DueDelivery,
  endTurn,
  holdDeliveries,
  noteAttempt,
  noteFailed,
  noteSent,
  type Turn,
  takeTurn,
} from '@/db/notifications/outbox'
import { absentActor } from '@/db/people/actors'
import type { Message, ToldIncident } from '@/lib/domain/notifications/message'
import { backOff, isGivenUp, turnOf } from '@/lib/domain/notifications/pace'
import { quietUntil } from '@/lib/domain/notifications/quiet'
import type { Severity } from '@/lib/domain/problems/problem'
import { mayIn } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Answer, Messages } from '@/lib/ports/messages'
import type { Log } from '../queue/log'

/** One call. A destination that takes longer is asked again under the same id. */
const sendWithinMs = 10_000

export interface SenderOptions {
  messages: Messages
  destinationOf: DestinationSource
  /** Where people reach the console. */
  consoleUrl: string
  log: Log
}

/** Sends what is due, subscription by subscription, until nothing is left that no other sender has. */
export const sendDue = async (options: SenderOptions): Promise<void> => {
  for (let turn = await takeTurn(); turn !== null; turn = await takeTurn()) {
    try {
      await sendTurn(options, turn)
    } finally {
      await endTurn(turn)
    }
  }
}

/** What goes in one message. `digestId` null: by itself. */
interface Group {
  digestId: string | null
  deliveries: readonly DueDelivery[]
}

const sendTurn = async (options: SenderOptions, turn: Turn): Promise<void> => {
  const tests = turn.due.filter(({ event }) => event === 'test')
  for (const one of tests) await sendGroup(options, turn, { digestId: null, deliveries: [one] })
  for (const group of await groupsOf(turn, await withoutQuiet(turn))) if (!(await sendGroup(options, turn, group))) return
}

const millis = (at: string): number => Date.parse(at)

/** Those that may go now; the others wait for the end of the quiet hours. PagerDuty hears of an end at once: it wakes nobody. */
const withoutQuiet = async (turn: Turn): Promise<DueDelivery[]> => {
  const now = new Date(turn.now)
  const due: DueDelivery[] = []
  for (const one of turn.due.filter(({ event }) => event !== 'test')) {
    const isSilent = turn.channel === 'pagerduty' && one.event !== 'begin'
    const until = isSilent ? null : quietUntil(turn.quiet, one.severity as Severity, now)
    if (until === null) due.push(one)
    else await holdDeliveries([one.id], until.toISOString())
  }
  return due
}

/** A digest that was not taken goes again as it was, under its id. */
const groupsOf = async (turn: Turn, due: readonly DueDelivery[]): Promise<Group[]> => {
  const again = new Map<string, DueDelivery[]>()
  for (const one of due) if (one.digestId !== null) again.set(one.digestId, [...(again.get(one.digestId) ?? []), one])
  const fresh = due.filter(({ digestId }) => digestId === null)
  const groups: Group[] = [...again].map(([digestId, deliveries]) => ({ digestId, deliveries }))
  if (fresh.length === 0) return groups
  const each = fresh.map((one) => ({ digestId: null, deliveries: [one] }))
  // Each trouble has its own key there, by which its end finds it.
  if (turn.channel === 'pagerduty') return [...groups, ...each]
  const { sentInLastMinute, lastDigestAt } = turn
  const now = millis(turn.now)
  const pace = turnOf({ due: fresh.length, sentInLastMinute, lastDigestAt: lastDigestAt === null ? null : millis(lastDigestAt), now })
  if (pace.kind === 'each') return [...groups, ...each]
  if (pace.kind === 'digest') return [...groups, { digestId: crypto.randomUUID(), deliveries: fresh }]
  await holdDeliveries(
    fresh.map(({ id }) => id),
    new Date(pace.until).toISOString(),
  )
  return groups
}

const messageOf = ({ consoleUrl }: SenderOptions, turn: Turn, { digestId, deliveries }: Group): Message => ({
  id: digestId ?? deliveries[0]!.id,
  at: deliveries[0]!.createdAt,
  subscription: { id: turn.subscriptionId, name: turn.name },
  consoleUrl: consoleUrl.replace(/\/+$/, ''),
  told: deliveries.flatMap(({ event, incident, environments }): ToldIncident[] =>
    event === 'test' || incident === null ? [] : [{ event, incident, environments }],
  ),
})

/** Why nothing may be told here; null: it may. */
const mayNotTell = async ({ personId, environmentId, environmentName }: Turn): Promise<string | null> => {
  const owner = personId === null ? null : await absentActor(personId, null)
  if (owner === null) return 'Who saved it last is gone or disabled. Somebody who may has to change and save it.'
  if (mayIn(owner, 'subscription.change', environmentId)) return null
  return `${owner.name}, who saved it last, is no longer a DBA of ${environmentName ?? 'every environment'}. Somebody who is has to change and save it.`
}

const attempt = async (options: SenderOptions, turn: Turn, group: Group): Promise<Answer> => {
  try {
    const because = await mayNotTell(turn)
    if (because !== null) return { isTaken: false, words: because }
    const destination = await options.destinationOf(turn.subscriptionId)
    return await options.messages.send(destination, messageOf(options, turn, group), AbortSignal.timeout(sendWithinMs))
  } catch (error) {
    if (isFault(error, 'database.down')) throw error
    if (isFault(error)) return { isTaken: false, words: error.message }
    // One that cannot be made must not keep the others waiting for ever.
    options.log.error({ err: error, subscription: turn.name }, 'a message could not be made')
    return { isTaken: false, words: 'It could not be made; the log of the worker says why.' }
  }
}

/** True when it was taken. */
const sendGroup = async (options: SenderOptions, turn: Turn, group: Group): Promise<boolean> => {
  const ids = group.deliveries.map(({ id }) => id)
  await noteAttempt(ids, group.digestId)
  const answer = await attempt(options, turn, group)
  if (answer.isTaken) await noteSent(turn, ids, group.digestId, answer.words)
  else await noteFailed(turn, ids, answer.words, nextAt(group))
  const isNews = answer.isTaken === turn.isFailing
  if (isNews) options.log.info({ subscription: turn.name, taken: answer.isTaken, answer: answer.words }, 'subscription')
  return answer.isTaken
}

/** null: there is no further try. A test has none: somebody waits for its answer. */
const nextAt = ({ deliveries }: Group): string | null => {
  const first = deliveries[0]!
  if (first.event === 'test') return null
  const now = Date.now()
  const attempts = Math.max(...deliveries.map((one) => one.attempts)) + 1
  const next = now + backOff(attempts, Math.random())
  return isGivenUp(first.firstTriedAt === null ? now : millis(first.firstTriedAt), next) ? null : new Date(next).toISOString()
}
