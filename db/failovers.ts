import { type CandidateFacts, equalWithinBytes, rankCandidates, type ShownCandidate } from '@/lib/domain/candidates'
import type { JournalLine } from '@/lib/kernel/journal'
import { databaseFault, getPool } from './client'

/** The journal as it was kept. The caller has shown that the actor may see this failover. */
export const keptLines = async (id: string): Promise<JournalLine[]> => {
  try {
    const { rows } = await getPool().query<{ lines: JournalLine[] }>('select lines from failovers where id = $1', [id])
    return rows[0]?.lines ?? []
  } catch (error) {
    throw databaseFault(error)
  }
}

const readCandidates = {
  name: 'dr-candidates',
  text: `select i.id, i.title, s.site, i.state, i.role, i.timeline, i.system_identifier as "systemIdentifier", i.received_lsn as "receivedLsn",
      i.replayed_lsn as "replayedLsn", i.failover_priority as priority, i.observed_at as "observedAt",
      i.upstream_id = any(array_agg(i.id) filter (where i.role = 'primary' and i.state = 'online') over ()) as "followsPrimary", i.lag_bytes::float8 as "lagBytes",
      i.lag_seconds as "lagSeconds", h.system_identifier as "herdIdentifier", h.preferred_site as "preferredSite"
    from instances i join servers s on s.id = i.server_id join herds h on h.id = i.herd_id
    where i.herd_id = $1 order by i.title`,
}

/** The standbys of a herd in the order in which they would take over, as far as the last looks tell. The caller has shown that the herd may be seen. */
export const shownCandidates = async (herdId: string): Promise<ShownCandidate[]> => {
  try {
    const { rows } = await getPool().query({ ...readCandidates, values: [herdId] })
    const members = rows.map((row): CandidateFacts & { lagBytes: number | null; lagSeconds: number | null } => ({
      ...row,
      observedAt: (row.observedAt as Date | null)?.toISOString() ?? null,
      isReplayPaused: null,
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
