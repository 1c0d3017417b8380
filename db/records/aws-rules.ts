import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault, type FieldProblem } from '@/lib/kernel/ground/errors'
import { isGiven } from '@/lib/kernel/resource/condition'
import type { Rules, Values } from './rules'

/** Requests carry a signature, and with a role its session token: they are not sent in the clear. */
export const endpointProblems = (endpoint: unknown): FieldProblem[] => {
  if (typeof endpoint !== 'string' || endpoint === '' || endpoint.startsWith('https://')) return []
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)
    ? []
    : [{ path: 'endpoint', message: 'Write an https address; http is for the worker’s own host (127.0.0.1) alone.' }]
}

/** The credentials of the worker's host belong to no environment: who says what for, in the fields of `reach`, must hold every environment. */
export const mustAdministerRole = (
  noun: string,
  because: string,
  reach: readonly string[],
  after: Values,
  before: Values | null,
  actor: Actor,
): void => {
  if (!isGiven(after.usesWorkerRole) && !isGiven(before?.usesWorkerRole)) return
  const said = (values: Values | null, field: string) => JSON.stringify(values?.[field] ?? null)
  const changed = reach.filter((field) => said(after, field) !== said(before, field))
  if (changed.length === 0 || mayIn(actor, 'setting.change', null)) return
  throw new Fault('access.denied', {
    because: `This ${noun} uses the credentials of the worker’s host, which ${because}: only an administrator of every environment says what for. Give an access key of its own instead.`,
    fields: changed.map((path) => ({ path, message: 'Only an administrator of every environment sets this.' })),
  })
}

const accountReach = ['usesWorkerRole', 'environmentId', 'regions', 'endpoint', 'roleArn', 'externalId', 'machineTags'] as const

export const accountCheck: NonNullable<Rules['check']> = async (_tx, after, before, actor) => {
  mustAdministerRole('account', 'see the machines of every environment', accountReach, after, before, actor)
  const regions = after.regions
  return [
    ...(Array.isArray(regions) && regions.length > 0
      ? []
      : [{ path: 'regions', message: 'Name at least one region, such as eu-central-1.' }]),
    ...endpointProblems(after.endpoint),
  ]
}
