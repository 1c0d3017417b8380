import { type CandidateFacts, equalWithinBytes, rankCandidates, type ShownCandidate } from '@/lib/domain/replication/candidates'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import type { InputChoice } from '@/lib/kernel/operation/input-pick'
import { databaseFault, getPool } from '../pg/client'

const readCandidates = {
  name: 'dr-candidates',
  text: `select i.id, i.title, s.site, i.state, i.role, i.timeline, i.system_identifier as "systemIdentifier", i.received_lsn as "receivedLsn",
      i.replayed_lsn as "replayedLsn", i.failover_priority as priority, i.observed_at as "observedAt",
      i.upstream_id = any(array_agg(i.id) filter (where i.role = 'primary' and i.state = 'online') over ()) as "followsPrimary", i.lag_bytes::float8 as "lagBytes",
      i.lag_seconds as "lagSeconds", i.is_replay_paused as "isReplayPaused", h.system_identifier as "herdIdentifier", h.preferred_site as "preferredSite"
    from instances i join servers s on s.id = i.server_id join herds h on h.id = i.herd_id
    where i.herd_id = $1 order by i.title`,
}

/** The standbys of a herd in the order in which they would take over, as far as the last looks tell. The caller has shown that the herd may be seen. */
export const shownCandidates = async (herdId: string): Promise<ShownCandidate[]> => {
  try {
    const { rows } = await getPool().query({ ...readCandidates, values: [herdId] })
    const members = rows.map((row): CandidateFacts & { lagBytes: number | null; lagSeconds: number | null } => ({
      ...row,
      observedAt: iso(row.observedAt as Date | null),
      applyDelayMs: null,
    }))
    const timelines = members.filter(({ role }) => role === 'primary').map(({ timeline }) => timeline ?? 0)
    const mark = {
      systemIdentifier: rows[0]?.herdIdentifier ?? null,
      timeline: timelines.length > 0 ? Math.max(...timelines) : null,
      preferredSite: rows[0]?.preferredSite ?? '',
    }
    const standbys = members.filter(({ role }) => role !== 'primary')
    return rankCandidates(standbys, mark, equalWithinBytes).map((one) => ({ ...one, ...shownOf(members.find(({ id }) => id === one.id)!) }))
  } catch (error) {
    throw databaseFault(error)
  }
}

const shownOf = ({
  state,
  timeline,
  receivedLsn,
  lagBytes,
  lagSeconds,
  priority,
  observedAt,
}: CandidateFacts & { lagBytes: number | null; lagSeconds: number | null }) => ({
  state,
  timeline,
  receivedLsn,
  lagBytes,
  lagSeconds,
  priority,
  observedAt,
})

/** `0 B, 0.2 s behind`; null: not known. */
const lagOf = ({ lagBytes, lagSeconds }: ShownCandidate): string | null => {
  const parts = [lagBytes === null ? null : formatBytes(lagBytes), lagSeconds === null ? null : formatDuration(lagSeconds)]
  const said = parts.filter((part) => part !== null)
  return said.length === 0 ? null : `${said.join(', ')} behind`
}

const detailsOf = (one: ShownCandidate): string[] =>
  [
    one.rank === null ? null : `rank ${one.rank}`,
    one.site === '' ? null : `site ${one.site}`,
    one.receivedLsn === null ? null : `received to ${one.receivedLsn}`,
    lagOf(one) ?? 'lag not known',
    `priority ${one.priority}`,
  ].filter((part) => part !== null)

/** Who could take over in the one herd that is the target, best first; several herds have no candidate in common. As last observed. */
export const candidateChoices = async (actor: Actor, herdIds: readonly string[]): Promise<InputChoice[]> => {
  const [herdId, another] = herdIds
  if (herdId === undefined || another !== undefined) return []
  const { rows } = await getPool().query<{ environmentId: string }>('select environment_id as "environmentId" from herds where id = $1', [
    herdId,
  ])
  if (!rows[0] || !mayIn(actor, 'herd.view', rows[0].environmentId)) return []
  return (await shownCandidates(herdId)).map((one) => ({
    value: one.id,
    id: one.id,
    title: one.title,
    details: detailsOf(one),
    ...(one.rank === null ? { barredBecause: one.because } : {}),
  }))
}
