import type { Restorable } from '@/lib/domain/evictions/restorable'
import { neverHours } from '@/lib/domain/health/backups'
import { databaseFault, getPool } from '../pg/client'

interface Row extends Omit<Restorable, 'failing'> {
  isFailing: boolean
  since: string | null
}

/** $1 herd, $2 hours. Its primary alone is asked for its backups. */
const readRestorable = {
  name: 'herd-restorable',
  text: `select l.worst_object as tool, l.worst_value * 3600 + extract(epoch from clock_timestamp() - l.seen_at)::float8 as "ageSeconds", i.size_bytes::float8 as "sizeBytes",
      case when s.seen_at is not null then coalesce(t.number, 0) / 1000 end as "archiveSeconds", f.instance_id is not null as "isFailing", f.details ->> 'lastArchivedAt' as since
    from instances i join health_looks l on l.instance_id = i.id and l.kind = 'backup' and l.worst_value < $2
      left join setting_looks s on s.instance_id = i.id left join instance_settings t on t.instance_id = i.id and t.name = 'archive_timeout'
      left join health_findings f on f.instance_id = i.id and f.kind = 'archiver'
    where i.herd_id = $1 order by l.seen_at desc limit 1`,
}

/** From what a herd would be restored, as last seen; null: no backup is known of. The caller has shown that the herd may be seen. Throws `database.down`. */
export const restorableOf = async (herdId: string): Promise<Restorable | null> => {
  try {
    const { rows } = await getPool().query<Row>({ ...readRestorable, values: [herdId, neverHours] })
    const [row] = rows
    if (row === undefined) return null
    const { isFailing, since, ...rest } = row
    return { ...rest, failing: isFailing ? { since: since === null ? null : new Date(since).toISOString() } : null }
  } catch (error) {
    throw databaseFault(error)
  }
}
