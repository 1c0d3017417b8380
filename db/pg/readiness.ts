import { databaseFault, getPool } from './client'

/** A worker that did not write for this long counts as gone. */
const workerSeconds = 30

/** How many workers were seen in the last 30 s. Throws `database.down`. */
export const readReadiness = async (): Promise<{ workers: number }> => {
  try {
    const { rows } = await getPool().query<{ workers: string }>(
      `select count(*) as workers from workers where seen_at > now() - interval '${workerSeconds} seconds'`,
    )
    return { workers: Number(rows[0]!.workers) }
  } catch (error) {
    throw databaseFault(error)
  }
}
