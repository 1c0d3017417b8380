import { systemActor } from '@/lib/kernel/access/access'
import { getPool } from '../pg/client'
import { acceptHosts, acceptInstances } from './discovery'

/** `*` is any text, `?` one character; everything else stands for itself. */
const matches = `lower(h.hostname) like replace(replace(replace(replace(replace(lower(r.host_pattern), '\\', '\\\\'), '%', '\\%'), '_', '\\_'), '*', '%'), '?', '_')
  and (r.network = '' or exists (select from unnest(h.addresses) a where a::inet <<= r.network::inet))`

/** The first rule that matches decides; one of another environment than the host's enrolment never accepts. */
const firstRule = `select r.environment_id as "environmentId", r.accepts_hosts as "acceptsHosts", r.accepts_instances as "acceptsInstances",
    h.server_id as "serverId", h.state
  from discovered_hosts h join discovery_rules r on ${matches}
  where h.id = $1 and h.suggested_environment_id = r.environment_id order by r.position, r.name limit 1`

/**
 * Accepts by rule what a host brought: the host itself, and instances whose herd is named by system identifier or upstream; a name alone is not enough.
 * What a rule may not do, or what is refused, stays in the inbox for a person.
 */
export const applyRules = async (hostId: string): Promise<void> => {
  const { rows } = await getPool().query<{
    environmentId: string
    acceptsHosts: boolean
    acceptsInstances: boolean
    serverId: string | null
    state: string
  }>(firstRule, [hostId])
  const rule = rows[0]
  if (!rule) return
  if (rule.acceptsHosts && rule.serverId === null && rule.state === 'new')
    await acceptHosts(systemActor, [{ id: hostId, environmentId: rule.environmentId }])
  if (!rule.acceptsInstances) return
  const sure = await getPool().query<{ id: string; herdId: string }>(
    `select id, suggested_herd_id as "herdId" from discovered_instances
      where host_id = $1 and inbox = 'new' and suggested_herd_id is not null and suggested_by in ('identifier', 'upstream')`,
    [hostId],
  )
  if (sure.rows.length > 0) await acceptInstances(systemActor, sure.rows)
}
