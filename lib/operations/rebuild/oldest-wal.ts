import type { OldestWal } from '@/lib/domain/replication/wal-segments'
import { isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, ReadPorts } from '@/lib/ports'
import type { Place } from '../facts/instance'

/** Names of files sort as their positions do, whatever their timeline. */
const oldestSql = `
select min(substr(name, 9)), (select bytes_per_wal_segment from pg_control_init())
from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`

/** The oldest file in the pg_wal of a server that answers; null: it could not be read. */
export const oldestWal = async (ports: ReadPorts, { address }: Place, { timeoutMs, signal }: CallOptions): Promise<OldestWal | null> => {
  try {
    const { rows } = await ports.postgres.query(address, oldestSql, {
      database: 'postgres',
      statementTimeoutMs: timeoutMs,
      rowsMax: 1,
      bytesMax: 1000,
      signal,
    })
    const [segment, bytes] = rows[0] ?? []
    return segment && bytes ? { segment, segmentBytes: Number(bytes) } : null
  } catch (error) {
    if (!isFault(error) || signal?.aborted) throw error
    return null
  }
}
