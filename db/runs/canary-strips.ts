import type { Strip, StripPiece } from '@/lib/domain/proof/canary-strip'
import type { Actor } from '@/lib/kernel/access/access'
import { makeBatch } from '@/lib/kernel/ground/batch'
import type { RunStrip } from '@/lib/shapes/run'
import { databaseFault, getPool } from '../pg/client'
import { seenJobs, visibleRun } from './runs'

/** Pieces of many canaries travel together. A job that is gone has no strip. */
const keepPieces = makeBatch<{ jobId: string; piece: StripPiece | Strip }, null>(
  async (pieces) => {
    await getPool().query(
      `with piece as (select * from json_to_recordset($1::json) as p ("jobId" uuid, place int, "isWhole" boolean, piece jsonb)),
         gone as (delete from canary_strips s using piece p where p."isWhole" and s.job_id = p."jobId"),
         kept as (
           insert into canary_strips (job_id, seq, run_id, piece)
           select j.id, p.place + coalesce((select max(s.seq) from canary_strips s where s.job_id = j.id), 0), j.run_id, p.piece
           from piece p join jobs j on j.id = p."jobId" returning run_id
         )
       select pg_notify('canary', run_id::text) from kept group by run_id`,
      [JSON.stringify(pieces.map(({ jobId, piece }, index) => ({ jobId, place: index + 1, isWhole: 'isOver' in piece, piece })))],
    )
    return pieces.map(() => null)
  },
  { max: 100 },
)

/** Throws `database.down`, and is then not tried again: the whole strip comes at the end. */
export const keepPiece = async (jobId: string, piece: StripPiece | Strip): Promise<void> => {
  try {
    await keepPieces({ jobId, piece })
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What came of each job of a run that the actor may see, after the last row that the reader has of it (`seen`: job id to its number). Throws `record.missing`. */
export const readStrips = async (actor: Actor, runId: string, seen: Readonly<Record<string, number>>): Promise<RunStrip[]> => {
  const { seen: environmentIds } = await visibleRun(actor, runId)
  try {
    const { rows } = await getPool().query<RunStrip>(
      `select s.job_id as "jobId", s.seq, s.piece from canary_strips s join jobs j on j.id = s.job_id
       where s.run_id = $1 and ${seenJobs} and s.seq > coalesce(($3::jsonb ->> s.job_id::text)::int, 0) order by s.job_id, s.seq limit 5000`,
      [runId, environmentIds, JSON.stringify(seen)],
    )
    return rows
  } catch (error) {
    throw databaseFault(error)
  }
}
