import { instanceMetrics, placeOf } from '@/lib/domain/samples/metrics'
import type { Figures } from '@/lib/domain/samples/rates'
import { databaseFault, getPool } from '../pg/client'
import { makePartitions } from './partitions'

export interface Sample {
  /** An instance or a server. */
  subject: string
  /** Since it was seen: the database's clock is the one that counts. */
  secondsAgo: number
  figures: Figures
}

const seen = placeOf(instanceMetrics, 'oldestTransaction')
/** Older facts are not of the moment that the sample is of. */
const freshInterval = `interval '3 minutes'`

/** Lag, size and sessions a vCPU are kept beside an instance by others; a role that is not a standby's has no lag. */
const save = {
  name: 'samples-save',
  text: `insert into samples_fresh (subject, at, figures)
    select t.subject, now() - t.ago * interval '1 second', case when i.id is null then t.figures else t.figures[1:${seen}] || array[
        case when i.role = 'standby' and i.observed_at > now() - ${freshInterval} then i.lag_bytes end,
        case when i.role = 'standby' and i.observed_at > now() - ${freshInterval} then i.lag_seconds end,
        case when i.size_seen_at > now() - interval '30 minutes' then i.size_bytes end,
        t.figures[${placeOf(instanceMetrics, 'active')}] / nullif(h.cpus, 0)
      ]::real[] end
    from jsonb_to_recordset($1::jsonb) as t(subject uuid, ago float8, figures real[])
      left join instances i on i.id = t.subject left join servers s on s.id = t.subject left join servers h on h.id = i.server_id
    where i.id is not null or s.id is not null
    on conflict do nothing`,
}

/** PostgreSQL's code for a row that no partition takes. */
const noPartition = '23514'

/** One statement a round. What is not registered any more is passed over. Throws `database.down`. */
export const saveSamples = async (samples: readonly Sample[]): Promise<void> => {
  if (samples.length === 0) return
  const values = [JSON.stringify(samples.map(({ subject, secondsAgo, figures }) => ({ subject, ago: secondsAgo, figures })))]
  try {
    try {
      await getPool().query({ ...save, values })
    } catch (error) {
      if ((error as { code?: string }).code !== noPartition) throw error
      await makePartitions(new Date())
      await getPool().query({ ...save, values })
    }
  } catch (error) {
    throw databaseFault(error)
  }
}
