import type { DnsProvider } from '@/lib/domain/dns/providers'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import type { Rules, Values } from './rules'

const isGiven = (value: unknown) => value !== null && value !== undefined && value !== '' && value !== false
type Zone = Record<string, unknown>

/** What a zone must say before its provider can change it. */
const zoneNeeds: Record<DnsProvider, (zone: Zone) => FieldProblem[]> = {
  rfc2136: (zone) => [
    ...(isGiven(zone.primaryHost) ? [] : [{ path: 'primaryHost', message: 'Dynamic updates need the primary server.' }]),
    ...bothOrNeither(zone, ['keyName', 'keySecret'], 'Give both the key’s name and its secret, or neither.'),
    ...(isGiven(zone.keyName) || isGiven(zone.allowUnsigned)
      ? []
      : [{ path: 'keyName', message: 'Give a TSIG key, or say that updates go unsigned.' }]),
  ],
  route53: (zone) => [
    ...(isGiven(zone.hostedZoneId) ? [] : [{ path: 'hostedZoneId', message: 'Route 53 needs the id of the hosted zone.' }]),
    ...bothOrNeither(zone, ['accessKeyId', 'accessSecret'], 'Give both the access key id and its secret, or neither.'),
    ...(isGiven(zone.accessKeyId) === isGiven(zone.usesWorkerRole)
      ? [
          {
            path: 'accessKeyId',
            message: isGiven(zone.accessKeyId)
              ? 'Give an access key, or use the credentials of the worker’s host; not both.'
              : 'Give an access key. An administrator of every environment may use the credentials of the worker’s host instead.',
          },
        ]
      : []),
    ...endpointProblems(zone.endpoint),
  ],
}

const bothOrNeither = (zone: Zone, [name, secret]: readonly [string, string], message: string): FieldProblem[] =>
  isGiven(zone[name]) === isGiven(zone[secret]) ? [] : [{ path: isGiven(zone[name]) ? secret : name, message }]

/** Requests carry a signature, and with a role its session token: they are not sent in the clear. */
const endpointProblems = (endpoint: unknown): FieldProblem[] => {
  if (typeof endpoint !== 'string' || endpoint === '' || endpoint.startsWith('https://')) return []
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)
    ? []
    : [{ path: 'endpoint', message: 'Write an https address; http is for the worker’s own host (127.0.0.1) alone.' }]
}

/** What the credentials of the worker's host are used for. They reach the zones of every environment, so who chooses must hold every environment. */
const reach = ['usesWorkerRole', 'provider', 'name', 'environmentId', 'hostedZoneId', 'region', 'endpoint'] as const

const mustAdministerRole = (after: Values, before: Values | null, actor: Actor): void => {
  if (!isGiven(after.usesWorkerRole) && !isGiven(before?.usesWorkerRole)) return
  const changed = reach.filter((field) => (after[field] ?? null) !== (before?.[field] ?? null))
  if (changed.length === 0 || mayIn(actor, 'setting.change', null)) return
  throw new Fault('access.denied', {
    because:
      'This zone uses the credentials of the worker’s host, which reach the zones of every environment: only an administrator of every environment says what for. Give an access key of its own instead.',
    fields: changed.map((path) => ({ path, message: 'Only an administrator of every environment sets this.' })),
  })
}

export const zoneCheck: NonNullable<Rules['check']> = async (_tx, after, before, actor) => {
  mustAdministerRole(after, before, actor)
  return zoneNeeds[(after.provider ?? 'rfc2136') as DnsProvider](after)
}
