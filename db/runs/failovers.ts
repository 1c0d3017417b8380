import type { LaterWork } from '@/lib/domain/proof/failover-report'
import { type CandidateFacts, equalWithinBytes, rankCandidates, type ShownCandidate } from '@/lib/domain/replication/candidates'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import { databaseFault, getPool } from '../pg/client'

/** The journal as it was kept. The caller has shown that the actor may see this failover. */
export const keptLines = async (id: string): Promise<JournalLine[]> => {
  try {
    const { rows } = await getPool().query<{ lines: JournalLine[] }>('select lines from failovers where id = $1', [id])
    return rows[0]?.lines ?? []
  } catch (error) {
    throw databaseFault(error)
  }
}

const readLater = {
  name: 'failover-later-work',
  text: `select j.id as "jobId", j.run_id as "runId", j.operation, j.title, j.state, j.because, j.started_at as "startedAt",
      j.finished_at as "finishedAt", s.hostname as host, tail.output as saved
    from failovers f
    join jobs j on j.herd_id = f.herd_id and j.operation in ('rejoin', 'rebuild', 'repoint', 'demote') and j.created_at > f.started_at
      and j.created_at < coalesce((select min(n.started_at) from failovers n where n.herd_id = f.herd_id and n.started_at > f.started_at), 'infinity')
    left join servers s on s.id = j.server_id
    left join lateral (
      select l.data->'output' as output from journal l where l.job_id = j.id and l.kind = 'finished' and l.step = 'tail' order by l.seq desc limit 1
    ) tail on true
    where f.id = $1 order by j.created_at limit 100`,
}

/** What was done on the members of its herd after a failover and before the next one. The caller has shown that the actor may see this failover. */
export const laterWork = async (id: string): Promise<LaterWork[]> => {
  try {
    const { rows } = await getPool().query({ ...readLater, values: [id] })
    return rows.map(({ startedAt, finishedAt, host, saved, ...row }) => ({
      ...row,
      startedAt: startedAt?.toISOString() ?? null,
      finishedAt: finishedAt?.toISOString() ?? null,
      saved: saved === null ? null : { ...saved, host },
    }))
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
