import { counted } from '../values/counted'
import type { Event } from './fold'
import { type Incident, type SeverityName, severityNames } from './trouble'

/** An incident as a message tells it. */
export interface ToldIncident {
  event: Exclude<Event, 'test'>
  incident: Incident
  /** Names of its environments. */
  environments: readonly string[]
}

/** What goes to one subscription in one message. */
export interface Message {
  /** Stays the same when it is sent again: the receiver's key against doubles. */
  id: string
  /** ISO time at which it was first due to be sent. */
  at: string
  subscription: { id: string; name: string }
  /** Where people reach the console, without a slash at the end. */
  consoleUrl: string
  /** One: told by itself. Several: a digest. None: a test. */
  told: readonly ToldIncident[]
}

/** Of a digest, this many are told one by one. */
const listedMax = 20

export const messageType = ({ told }: Message): 'test' | 'digest' | `trouble.${Exclude<Event, 'test'>}` =>
  told.length === 0 ? 'test' : told.length > 1 ? 'digest' : `trouble.${told[0]!.event}`

const isWorse = (a: SeverityName, b: SeverityName): boolean => severityNames.indexOf(a) < severityNames.indexOf(b)

export const severityNameOf = (incident: Pick<Incident, 'severity'>): SeverityName => severityNames[incident.severity]

/** Of what begins in it, the worst; info when nothing does. */
export const worstOf = ({ told }: Message): SeverityName =>
  told
    .filter(({ event }) => event === 'begin')
    .map(({ incident }) => severityNameOf(incident))
    .reduce<SeverityName>((worst, one) => (isWorse(one, worst) ? one : worst), 'info')

const eventWords: Record<ToldIncident['event'], string> = { begin: '', acknowledge: 'Acknowledged: ', end: 'Over: ' }

/** `[critical] prod: No writable primary: shop` */
export const headlineOf = ({ event, incident, environments }: ToldIncident): string => {
  const where = environments.length > 0 ? `${environments.join(', ')}: ` : ''
  return `[${severityNameOf(incident)}] ${where}${eventWords[event]}${incident.headline}: ${incident.label}`
}

export const subjectOf = (message: Message): string => {
  const { told, subscription } = message
  if (told.length === 0) return `Test of the subscription “${subscription.name}”`
  if (told.length === 1) return headlineOf(told[0]!)
  const count = (event: ToldIncident['event']) => told.filter((one) => one.event === event).length
  const parts = [
    counted(count('begin'), 'trouble began', 'troubles began'),
    ...(count('end') > 0 ? [`${count('end')} ended`] : []),
    ...(count('acknowledge') > 0 ? [`${count('acknowledge')} acknowledged`] : []),
  ]
  return `[${worstOf(message)}] ${parts.join(', ')}`
}

const utc = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`

export const addressOf = (message: Message, href: string): string => `${message.consoleUrl}${href}`

/** What, since when, and what to do, a line each; the headline is the subject. */
const linesOf = (message: Message, { event, incident }: ToldIncident): string[] => [
  ...(incident.detail === '' ? [] : [incident.detail]),
  `Since: ${utc(incident.since ?? incident.beganAt)}`,
  ...(event === 'end' && incident.endedAt !== null ? [`Over since: ${utc(incident.endedAt)}`] : []),
  ...(incident.flaps > 0 ? [`It came back ${incident.flaps === 1 ? 'once' : `${incident.flaps} times`} within a short time.`] : []),
  `Page: ${addressOf(message, incident.href)}`,
  ...(event === 'end' || incident.remedy === null ? [] : [`${incident.remedy.label}: ${addressOf(message, incident.remedy.href)}`]),
]

/** The message as lines of plain text, without its subject. */
export const textOf = (message: Message): string[] => {
  const { told } = message
  if (told.length === 0)
    return ['If you read this, messages of this subscription arrive.', `Page: ${addressOf(message, subscriptionPath(message))}`]
  if (told.length === 1) return linesOf(message, told[0]!)
  const worst = [...told].sort((a, b) => a.incident.severity - b.incident.severity)
  return [
    ...worst.slice(0, listedMax).map(headlineOf),
    ...(told.length > listedMax ? [`and ${told.length - listedMax} more`] : []),
    `Page: ${addressOf(message, '/')}`,
  ]
}

export const subscriptionPath = ({ subscription }: Message): string => `/subscriptions/${subscription.id}`
