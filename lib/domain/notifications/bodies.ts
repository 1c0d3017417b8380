import {
  addressOf,
  type Message,
  messageType,
  severityNameOf,
  subjectOf,
  subscriptionPath,
  type ToldIncident,
  textOf,
  worstOf,
} from './message'

const troubleOf = (message: Message, { event, incident, environments }: ToldIncident) => ({
  /** The trouble's identity, from its begin to its end. */
  id: incident.id,
  event,
  kind: incident.kind,
  severity: severityNameOf(incident),
  summary: incident.headline,
  object: incident.label,
  detail: incident.detail,
  environments,
  since: incident.since ?? incident.beganAt,
  endedAt: incident.endedAt,
  returns: incident.flaps,
  url: addressOf(message, incident.href),
  remedy: incident.remedy && { label: incident.remedy.label, url: addressOf(message, incident.remedy.href) },
})

/** What a signed webhook carries. */
export const webhookBody = (message: Message) => ({
  id: message.id,
  type: messageType(message),
  at: message.at,
  subscription: message.subscription,
  summary: subjectOf(message),
  severity: worstOf(message),
  troubles: message.told.map((one) => troubleOf(message, one)),
})

const slackText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** What Slack, Mattermost, Rocket.Chat and others of that form take. */
export const slackBody = (message: Message) => ({
  text: [`*${slackText(subjectOf(message)).replaceAll('*', '∗')}*`, ...textOf(message).map(slackText)].join('\n'),
})

const actions = { begin: 'trigger', acknowledge: 'acknowledge', end: 'resolve' } as const
const summaryMax = 1024

/** PagerDuty’s Events API v2, in this order. A test is triggered and at once resolved. Never a digest: each trouble has its own `dedup_key`, so that its end finds it. */
export const pagerDutyBodies = (message: Message, routingKey: string) => {
  const common = { routing_key: routingKey, client: 'Matriarch', client_url: message.consoleUrl }
  const summary = subjectOf(message).slice(0, summaryMax)
  if (message.told.length === 0) {
    const dedup_key = `matriarch-test-${message.id}`
    const links = [{ href: addressOf(message, subscriptionPath(message)), text: message.subscription.name }]
    return [
      {
        ...common,
        event_action: 'trigger',
        dedup_key,
        payload: { summary, source: 'matriarch', severity: 'info', timestamp: message.at },
        links,
      },
      { ...common, event_action: 'resolve', dedup_key },
    ]
  }
  return message.told.map((one) => {
    const { incident, event, environments } = one
    const dedup_key = `matriarch-${incident.id}`
    if (event !== 'begin') return { ...common, event_action: actions[event], dedup_key }
    const trouble = troubleOf(message, one)
    return {
      ...common,
      event_action: actions[event],
      dedup_key,
      payload: {
        summary,
        source: incident.label,
        severity: trouble.severity,
        timestamp: trouble.since,
        group: environments.join(', ') || 'matriarch',
        class: incident.kind,
        custom_details: { detail: trouble.detail, since: trouble.since, returns: trouble.returns, environments },
      },
      links: [
        { href: trouble.url, text: incident.label },
        ...(trouble.remedy ? [{ href: trouble.remedy.url, text: trouble.remedy.label }] : []),
      ],
    }
  })
}

/** One thread an incident: its messages refer to the same id. */
export const mailOf = (message: Message) => {
  const [first] = message.told
  return {
    subject: subjectOf(message).replaceAll(/\s+/g, ' '),
    text: `${textOf(message).join('\n')}\n\n${message.subscription.name}: ${addressOf(message, subscriptionPath(message))}\n`,
    threadId: message.told.length === 1 ? first!.incident.id : null,
  }
}
