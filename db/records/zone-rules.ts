import { endpointProblems, mustAdministerRole } from './aws-rules'
import type { Rules } from './rules'

/** What the credentials of the worker's host are used for. They reach the zones of every environment, so who chooses must hold every environment. */
const reach = ['usesWorkerRole', 'provider', 'name', 'environmentId', 'hostedZoneId', 'region', 'endpoint'] as const

export const zoneCheck: NonNullable<Rules['check']> = async (_tx, after, before, actor) => {
  mustAdministerRole('zone', 'reach the zones of every environment', reach, after, before, actor)
  return endpointProblems(after.endpoint)
}
