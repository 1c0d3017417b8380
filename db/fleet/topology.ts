import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import type { HerdTopology } from '@/lib/shapes/reads'
import { getPool } from '../pg/client'

const readMembers = {
  name: 'herd-topology',
  text: `select i.id, i.title, s.hostname, s.site, i.state, i.because, i.role, i.version, i.timeline,
      i.system_identifier as "systemIdentifier", coalesce(i.current_lsn, i.replayed_lsn, i.received_lsn) as lsn,
      i.lag_bytes::float8 as "lagBytes", i.lag_seconds as "lagSeconds",
      i.is_replay_paused as "isReplayPaused", i.behind_since is not null as "isBehind", i.upstream_id as "upstreamId", i.upstream_host as "upstreamHost",
      i.upstream_port as "upstreamPort", i.upstream_slot as "upstreamSlot", i.sync_state as "syncState", i.clients,
      coalesce(i.probe->'slots', '[]') as slots, i.replaced_because as "replacedBecause", i.observed_at as "observedAt"
    from instances i join servers s on s.id = i.server_id
    where i.herd_id = $1
    order by i.title`,
}

/** The members of a herd as last observed. Throws `record.missing` for a herd that is not there or that the actor may not see. */
export const herdTopology = async (actor: Actor, herdId: string): Promise<HerdTopology> => {
  if (!uuidPattern.test(herdId)) throw new Fault('record.missing')
  const herd = await getPool().query(
    'select id, name, environment_id as "environmentId", system_identifier as "systemIdentifier" from herds where id = $1',
    [herdId],
  )
  const found = herd.rows[0]
  if (!found || !mayIn(actor, 'herd.view', found.environmentId) || !mayIn(actor, 'instance.view', found.environmentId))
    throw new Fault('record.missing')
  const { rows } = await getPool().query({ ...readMembers, values: [herdId] })
  const members = rows.map((row) => ({ ...row, observedAt: iso(row.observedAt) }))
  return { herdId, name: found.name, environmentId: found.environmentId, systemIdentifier: found.systemIdentifier, members }
}
