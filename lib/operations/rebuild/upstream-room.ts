import { isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, ReadPorts } from '@/lib/ports'
import type { Place } from '../facts/instance'

/** What a server has left for those that replicate from it. */
export type UpstreamRoom = { senders: number; sendersMax: number; slots: number; slotsMax: number }

const roomSql = `
select current_setting('max_wal_senders'), (select count(*) from pg_stat_replication),
  current_setting('max_replication_slots'), (select count(*) from pg_replication_slots)`

/** null: it could not be read. */
export const upstreamRoom = async (
  ports: ReadPorts,
  { address }: Place,
  { timeoutMs, signal }: CallOptions,
): Promise<UpstreamRoom | null> => {
  try {
    const options = { database: 'postgres', statementTimeoutMs: timeoutMs, rowsMax: 1, bytesMax: 1000, signal }
    const { rows } = await ports.postgres.query(address, roomSql, options)
    const [sendersMax, sendersUsed, slotsMax, slotsUsed] = (rows[0] ?? []).map(Number)
    if (sendersMax === undefined || sendersUsed === undefined || slotsMax === undefined || slotsUsed === undefined) return null
    return { senders: sendersMax - sendersUsed, sendersMax, slots: slotsMax - slotsUsed, slotsMax }
  } catch (error) {
    if (!isFault(error) || signal?.aborted) throw error
    return null
  }
}
