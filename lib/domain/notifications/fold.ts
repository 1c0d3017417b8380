import type { Severity } from '../problems/problem'
import { hasEnd, type Incident, keyOf, type Trouble } from './trouble'

/** A trouble that comes back this soon after its end is the same one. */
export const flapSeconds = 900
/** From so many returns on it is told at once, also if it never lasts long enough by itself. */
const flapsTold = 3

/** By severity: how long a trouble lasts before it is told. Restarts and switchovers are shorter, and what follows from a lost host is seen as such by then. */
const patience: Readonly<Record<Severity, number>> = { 0: 10, 1: 30, 2: 120, 3: 600 }
const settleSeconds = 60

/** Seconds from its begin until it is told. */
export const beginAfter = (severity: Severity, flaps: number): number => (flaps >= flapsTold ? 0 : patience[severity])

/** Seconds from its end until the end is told: longer each time that it came back. */
export const endAfter = (flaps: number): number => Math.min(flapSeconds, settleSeconds * 2 ** Math.min(flaps, 10))

export interface Changes {
  began: Trouble[]
  /** Came back soon after their end. */
  returned: { incident: Incident; trouble: Trouble }[]
  /** Go on, and say something else than before. */
  changed: { incident: Incident; trouble: Trouble }[]
  ended: Incident[]
}

const says = ({ severity, headline, label, detail, href, remedy }: Trouble): string =>
  JSON.stringify([severity, headline, label, detail, href, remedy])

/** `known`: those that go on, and those that ended within `flapSeconds`. One key has one incident: the newest counts. */
export const changesOf = (known: readonly Incident[], found: readonly Trouble[]): Changes => {
  const byKey = new Map<string, Incident>()
  for (const incident of known) {
    const other = byKey.get(keyOf(incident))
    if (!other || other.beganAt < incident.beganAt) byKey.set(keyOf(incident), incident)
  }
  const changes: Changes = { began: [], returned: [], changed: [], ended: [] }
  const seen = new Set<string>()
  for (const trouble of found) {
    const key = keyOf(trouble)
    if (seen.has(key)) continue
    seen.add(key)
    const incident = byKey.get(key)
    if (!incident) changes.began.push(trouble)
    else if (incident.endedAt !== null) changes.returned.push({ incident, trouble })
    else if (says(incident) !== says(trouble)) changes.changed.push({ incident, trouble })
  }
  for (const incident of known) if (incident.endedAt === null && !seen.has(keyOf(incident))) changes.ended.push(incident)
  return changes
}

export type Event = 'begin' | 'acknowledge' | 'end' | 'test'

/** One message to one subscription about one incident, as far as folding needs it. */
export interface Told {
  id: string
  subscriptionId: string
  event: Event
  state: 'waiting' | 'sent' | 'given-up' | 'folded'
  /** It was tried, or is being sent right now: it may have arrived. */
  mayHaveArrived: boolean
}

export interface Folding {
  /** Deliveries that are withdrawn unsent. */
  fold: string[]
  /** Subscriptions that are to get this event. */
  tell: string[]
}

const isOut = ({ state, mayHaveArrived }: Told): boolean => state === 'sent' || state === 'given-up' || mayHaveArrived

/** The last that a subscription heard, or may have heard; waiting ones that it cannot have heard are left out. */
const lastHeard = (told: readonly Told[], subscriptionId: string): Event | null =>
  told.filter((one) => one.subscriptionId === subscriptionId && one.state !== 'folded' && isOut(one)).at(-1)?.event ?? null

const unheard = (told: readonly Told[]): Told[] => told.filter((one) => one.state === 'waiting' && !one.mayHaveArrived)

/** The trouble is over. Who has not heard of it never will; the others hear its end. `told`: oldest first. */
export const foldEnd = (incident: Pick<Incident, 'kind'>, told: readonly Told[]): Folding => {
  const heard = [...new Set(told.map(({ subscriptionId }) => subscriptionId))].filter((id) => {
    const last = lastHeard(told, id)
    return last !== null && last !== 'end'
  })
  return { fold: unheard(told).map(({ id }) => id), tell: hasEnd(incident.kind) ? heard : [] }
}

/** The trouble is back. Who has not heard its end hears nothing; the others hear its begin. `listening`: subscriptions that it concerns. */
export const foldReturn = (told: readonly Told[], listening: readonly string[]): Folding => ({
  fold: unheard(told).map(({ id }) => id),
  tell: listening.filter((id) => {
    const last = lastHeard(told, id)
    return last === null || last === 'end'
  }),
})

/** Somebody has taken the trouble on. Who has not heard of it need not; those with a notion of it (`acknowledging`) that did are told. */
export const foldAcknowledged = (told: readonly Told[], acknowledging: readonly string[]): Folding => ({
  fold: unheard(told)
    .filter(({ event }) => event === 'begin')
    .map(({ id }) => id),
  tell: acknowledging.filter((id) => lastHeard(told, id) === 'begin'),
})
