import type { Certificate } from '@/lib/kernel/ground/certificate'
import type { MoveLine } from '@/lib/shapes/run'
import { databaseFault, getPool } from '../pg/client'

/** A job that moved a primary, or may have, has ended, and has no certificate yet. */
export interface UncertifiedJob {
  id: string
  runId: string
  operation: string
  herdId: string | null
  environmentId: string | null
  title: string
  by: string
}

/** Those of these operations whose journal has the line from which on a primary has moved, as `hasMoved` says; oldest first. */
export const uncertifiedJobs = async (moves: readonly ({ operation: string } & MoveLine)[]): Promise<UncertifiedJob[]> => {
  try {
    const { rows } = await getPool().query<UncertifiedJob>(
      `select j.id, j.run_id as "runId", j.operation, j.herd_id as "herdId", j.environment_id as "environmentId", j.title, r.actor_name as by
       from jsonb_to_recordset($1) as m (operation text, kind text, step text, mark jsonb)
         join jobs j on j.operation = m.operation join runs r on r.id = j.run_id
       where j.state in ('done', 'failed', 'cancelled')
         and not exists (select from certificates c where c.id = j.id)
         and (
           select m.mark is null or l.data -> 'mark' @> m.mark from journal l
           where l.job_id = j.id and l.kind = m.kind and l.step = m.step order by l.seq desc limit 1
         )
       order by j.finished_at limit 20`,
      [JSON.stringify(moves)],
    )
    return rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Keeps a signed certificate; a second one of the same job changes nothing. True when it is this one that is kept. */
export const keepCertificate = async (
  job: UncertifiedJob,
  { document, certificate, keyId }: { document: string; certificate: Certificate; keyId: string },
): Promise<boolean> => {
  const { evidence, verdict, issuedAt } = certificate
  const { canary } = evidence
  try {
    const { rowCount } = await getPool().query(
      `insert into certificates (id, run_id, herd_id, environment_id, title, operation, verdict, because, lost_bytes, gap_ms, errors, key_id, issued_at, document)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (id) do nothing`,
      [
        job.id,
        job.runId,
        job.herdId,
        job.environmentId,
        job.title,
        job.operation,
        verdict.kind,
        verdict.because.join(' '),
        verdict.kind === 'lost' ? verdict.bytes : null,
        canary?.longestGapMs == null ? null : Math.round(canary.longestGapMs),
        canary === null ? null : canary.refused + canary.unknown,
        keyId,
        issuedAt,
        document,
      ],
    )
    return rowCount === 1
  } catch (error) {
    throw databaseFault(error)
  }
}

/** The file, byte for byte as it was signed; null: there is none. The caller has shown that the actor may see it. */
export const certificateDocument = async (id: string): Promise<string | null> => {
  try {
    const { rows } = await getPool().query<{ document: string }>('select document from certificates where id = $1', [id])
    return rows[0]?.document ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Whether the job has one yet. The caller has shown that the actor may see it. */
export const hasCertificate = async (id: string): Promise<boolean> => (await certificateDocument(id)) !== null
