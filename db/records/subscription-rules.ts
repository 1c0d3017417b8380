import { quietFault } from '@/lib/domain/notifications/quiet'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import type { Rules, Values } from './rules'

const isGiven = (value: unknown) => value !== null && value !== undefined && value !== '' && value !== false
const isList = (value: unknown): value is string[] => Array.isArray(value) && value.length > 0

const families = ['tellsProblems', 'tellsApprovals', 'tellsAttention', 'tellsCertificates', 'tellsScheduled']

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Where it leads is checked when something is sent; that it is plain http to elsewhere can be said at once. */
const urlFaults = (url: unknown): FieldProblem[] => {
  if (!isGiven(url)) return []
  if (!URL.canParse(String(url))) return [{ path: 'url', message: 'This is not a URL.' }]
  const { protocol, hostname } = new URL(String(url))
  return protocol === 'https:' || loopback.test(hostname) ? [] : [{ path: 'url', message: 'Messages go over https only.' }]
}

const channelFaults = ({ channel, url, slackUrl, routingKey, recipients }: Values): FieldProblem[] => {
  if (channel === 'webhook' && !isGiven(url)) return [{ path: 'url', message: 'A webhook needs the URL to post to.' }]
  if (channel === 'slack' && !isGiven(slackUrl)) return [{ path: 'slackUrl', message: 'Give the URL of the incoming webhook.' }]
  if (channel === 'pagerduty' && !isGiven(routingKey)) return [{ path: 'routingKey', message: 'PagerDuty needs the integration key.' }]
  if (channel === 'email' && !isList(recipients)) return [{ path: 'recipients', message: 'Give at least one address.' }]
  return []
}

const quietFaults = ({ quietFrom, quietUntil, quietZone }: Values): FieldProblem[] => {
  if (isGiven(quietFrom) !== isGiven(quietUntil))
    return [
      { path: isGiven(quietFrom) ? 'quietUntil' : 'quietFrom', message: 'Give both the begin and the end of the quiet hours, or neither.' },
    ]
  const zone = isGiven(quietZone) ? String(quietZone) : 'UTC'
  const fault = quietFault(
    isGiven(quietFrom) ? { from: String(quietFrom), until: String(quietUntil), zone } : { from: '00:00', until: '01:00', zone },
  )
  return fault === null ? [] : [{ path: fault.includes('time zone') ? 'quietZone' : 'quietUntil', message: fault }]
}

export const subscriptionRules: Rules = {
  check: async (_tx, after) => [
    ...channelFaults(after),
    ...urlFaults(after.url),
    ...quietFaults(after),
    ...(families.every((name) => after[name] === false)
      ? [{ path: 'tellsProblems', message: 'Choose at least one thing to be told of.' }]
      : []),
  ],
  // It tells no more than who saved it may see.
  alongside: (_after, _before, actor): Values => ({ personId: actor.personId }),
}
