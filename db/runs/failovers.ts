import type { LaterWork } from '@/lib/domain/proof/failover-report'
import { iso } from '@/lib/domain/values/iso'
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

/** When the herd of the failover `f` began its next one; infinity where there was none yet. */
export const nextFailoverSql = `coalesce((select min(n.started_at) from failovers n where n.herd_id = f.herd_id and n.started_at > f.started_at), 'infinity')`

const readLater = {
  name: 'failover-later-work',
  text: `select j.id as "jobId", j.run_id as "runId", j.operation, j.title, j.state, j.because, j.started_at as "startedAt",
      j.finished_at as "finishedAt", s.hostname as host, tail.output as saved
    from failovers f
    join jobs j on j.herd_id = f.herd_id and j.operation in ('rejoin', 'rebuild', 'repoint', 'demote') and j.created_at > f.started_at
      and j.created_at < ${nextFailoverSql}
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
      startedAt: iso(startedAt),
      finishedAt: iso(finishedAt),
      saved: saved === null ? null : { ...saved, host },
    }))
  } catch (error) {
    throw databaseFault(error)
  }
}
