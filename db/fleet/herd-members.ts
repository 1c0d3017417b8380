import { iso } from '@/lib/domain/values/iso'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, HerdStanding, InventoryAct, MemberStanding } from '@/lib/ports'
import { databaseFault, getPool } from '../pg/client'
import { runWithin } from '../pg/deadline'
import { registerCluster } from './clusters'
import { launches } from './launches'
import { makePoolerAct } from './poolers'
import { registering } from './registering'

const readHerd = {
  name: 'herd-standing',
  text: `select h.id as "herdId", h.name, h.environment_id as "environmentId", e.name as "environmentName", h.preferred_site as "preferredSite", e.allows_drills as "allowsDrills",
      h.system_identifier as "systemIdentifier"
    from herds h join environments e on e.id = h.environment_id where h.id = $1`,
}

const readMembers = {
  name: 'herd-standing-members',
  text: `select i.id, s.site, i.failover_priority, i.role, i.timeline, i.observed_at, i.replaced_at, i.replaced_by_id, i.replaced_timeline,
      i.replaced_because, case when i.role = 'primary' then i.current_lsn else coalesce(i.received_lsn, i.replayed_lsn) end as lsn,
      s.state = 'unreachable' as unreachable, coalesce(i.observed_source = 'agent', false) as reported
    from instances i join servers s on s.id = i.server_id where i.herd_id = $1 order by i.title, i.id`,
}

interface MemberRow {
  id: string
  site: string
  failover_priority: number
  role: MemberStanding['lastRole']
  timeline: number | null
  lsn: string | null
  observed_at: Date | null
  unreachable: boolean
  reported: boolean
  replaced_at: Date | null
  replaced_by_id: string | null
  replaced_timeline: number | null
  replaced_because: string | null
}

const memberOf = (row: MemberRow): MemberStanding => ({
  id: row.id,
  site: row.site,
  failoverPriority: row.failover_priority,
  lastRole: row.role,
  lastTimeline: row.timeline,
  lastLsn: row.lsn,
  seenAt: iso(row.observed_at),
  isReported: row.reported,
  isUnreachable: row.unreachable,
  replaced:
    row.replaced_at === null
      ? null
      : {
          byId: row.replaced_by_id ?? '',
          timeline: row.replaced_timeline ?? 0,
          because: row.replaced_because ?? 'Another member was promoted.',
        },
})

/** The herd and what is known of its members. Throws `record.missing`. */
export const readStanding = async (herdId: string): Promise<HerdStanding> => {
  try {
    const [herd, members] = await Promise.all([
      getPool().query({ ...readHerd, values: [herdId] }),
      getPool().query<MemberRow>({ ...readMembers, values: [herdId] }),
    ])
    if (!herd.rows[0]) throw new Fault('record.missing', { because: 'The herd is not registered any more.', id: herdId })
    return { ...herd.rows[0], members: members.rows.map(memberOf) }
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Throws `record.missing`. */
const change = async (text: string, [instanceId, ...values]: [string, ...unknown[]], options: CallOptions): Promise<void> => {
  const [row] = await runWithin(`${text} where id = $1 returning id`, [instanceId, ...values], options)
  if (!row) throw new Fault('record.missing', { because: 'The instance is not registered any more.', id: instanceId })
}

export const makeInventoryAct = (): InventoryAct => ({
  ...registering,
  registerCluster,
  ...launches,
  ...makePoolerAct(),
  replace: (instanceId, { byId, timeline, because }, options) =>
    change(
      'update instances set replaced_at = coalesce(replaced_at, now()), replaced_by_id = $2, replaced_timeline = $3, replaced_because = $4',
      [instanceId, byId, timeline, because],
      options,
    ),
  restore: (instanceId, options) =>
    change(
      'update instances set replaced_at = null, replaced_by_id = null, replaced_timeline = null, replaced_because = null',
      [instanceId],
      options,
    ),
})
