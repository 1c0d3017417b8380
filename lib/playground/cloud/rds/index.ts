import { sampleOffers } from '@/lib/domain/machines/sample'
import { CloudFault } from '../fault'
import type { Identities, Principal } from '../identity'
import type { Limits } from '../limits'
import type { Params } from '../params'
import type { Target } from '../policy'
import type { CloudState } from '../state'
import type { Content } from '../xml'
import { changeActions } from './change'
import { readActions } from './read'

/** What a request of RDS names. Rights are judged before anything is looked up: what does not exist has no tags. Source: IAM, actions and resources of RDS. */
const targetOf = (state: CloudState, region: string, params: Params): Target => {
  const id = params.get('DBInstanceIdentifier') ?? params.get('ResourceName')?.split(':')[6] ?? '*'
  const tags = Object.entries(state.databases.find(region, id)?.tags ?? {})
  const keys = tags.flatMap(([key, value]) => [
    [`aws:resourcetag/${key}`.toLowerCase(), value],
    [`rds:db-tag/${key}`.toLowerCase(), value],
  ])
  return { arn: state.databases.arn({ region, id }), keys: Object.fromEntries([['aws:requestedregion', region], ...keys]) }
}

interface Door {
  state: CloudState
  limits: Limits
  identities: Identities
  deniedIn: ReadonlySet<string>
}

/** One request of RDS, as strict as RDS. */
export const rds = (door: Door, principal: Principal, region: string, action: string, params: Params): { [name: string]: Content } => {
  const { state, limits, identities, deniedIn } = door
  if (sampleOffers[region] === undefined) throw new CloudFault('InvalidClientTokenId', `The region ${region} is not enabled.`, 403)
  const [read, change] = [readActions[action], changeActions[action]]
  if (read === undefined && change === undefined)
    throw new CloudFault('InvalidAction', `Could not find operation ${action} for version 2014-10-31`)
  const { limits: rates, now } = state.options
  limits.take(
    `${region} rds ${read ? 'read' : action}`,
    rates[read ? 'read' : 'change'],
    now(),
    () => new CloudFault('Throttling', 'Rate exceeded'),
  )
  if (deniedIn.has(`${region} rds:${action}`)) throw identities.forbidden(principal, `rds:${action}`)
  identities.mustBeAllowed(principal, `rds:${action}`, [targetOf(state, region, params)])
  return (read ?? change!)(state, region, params)
}
