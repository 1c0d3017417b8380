import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { isGiven } from '@/lib/kernel/resource/condition'
import type { Rules, Values } from './rules'

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
  return endpointProblems(after.endpoint)
}
