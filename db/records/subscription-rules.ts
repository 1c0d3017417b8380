import { quietFault } from '@/lib/domain/notifications/quiet'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import { isGiven } from '@/lib/kernel/resource/condition'
import type { Rules, Values } from './rules'

const families = ['tellsProblems', 'tellsApprovals', 'tellsAttention', 'tellsCertificates', 'tellsScheduled']

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Where it leads is checked when something is sent; that it is plain http to elsewhere can be said at once. */
const urlFaults = (url: unknown): FieldProblem[] => {
  if (!isGiven(url)) return []
  if (!URL.canParse(String(url))) return [{ path: 'url', message: 'This is not a URL.' }]
  const { protocol, hostname } = new URL(String(url))
  return protocol === 'https:' || loopback.test(hostname) ? [] : [{ path: 'url', message: 'Messages go over https only.' }]
}

const channelFaults = ({ channel, url }: Values): FieldProblem[] =>
  channel === 'webhook' && !isGiven(url) ? [{ path: 'url', message: 'A webhook needs the URL to post to.' }] : []

const quietFaults = ({ quietFrom, quietUntil, quietZone }: Values): FieldProblem[] => {
  if (!isGiven(quietFrom) || !isGiven(quietUntil)) return []
  const fault = quietFault({
    from: String(quietFrom),
    until: String(quietUntil),
    zone: isGiven(quietZone) ? String(quietZone) : 'UTC',
  })
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
