import type { ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from './instance'

/** The JSON object or list that one statement answers; null: the server did not say. */
export const askJson = async <T extends object>(
  ports: ReadPorts,
  place: Place,
  sql: string,
  { database, bytesMax, signal }: { database: string; bytesMax: number; signal: AbortSignal },
): Promise<T | null> => {
  try {
    const grid = await ports.postgres.query(place.address, sql, {
      database,
      statementTimeoutMs: probeTimeoutMs,
      rowsMax: 1,
      bytesMax,
      signal,
    })
    const said: unknown = JSON.parse(grid.rows[0]?.[0] ?? 'null')
    return typeof said === 'object' ? (said as T | null) : null
  } catch {
    signal.throwIfAborted()
    return null
  }
}
