import { isFault } from '@/lib/kernel/ground/errors'
import type { ReadPorts } from '@/lib/ports'
import { type Place, probeTimeoutMs } from './instance'

interface Asked {
  database: string
  bytesMax: number
  signal: AbortSignal
}

/** The JSON object or list that one statement answers, or a sentence: which database did not say, and why. */
export const tryJson = async <T extends object>(
  ports: ReadPorts,
  place: Place,
  sql: string,
  { database, bytesMax, signal }: Asked,
): Promise<T | string> => {
  const options = { database, statementTimeoutMs: probeTimeoutMs, rowsMax: 1, bytesMax, signal }
  try {
    const grid = await ports.postgres.query(place.address, sql, options)
    const said: unknown = JSON.parse(grid.rows[0]?.[0] ?? 'null')
    return typeof said === 'object' && said !== null ? (said as T) : `The database ${database} on ${place.title} gave no answer.`
  } catch (error) {
    signal.throwIfAborted()
    const because = isFault(error) ? String(error.facts.because ?? error.message) : 'its answer was not whole'
    return `The database ${database} on ${place.title} could not be asked: ${because.replace(/\.$/, '')}.`
  }
}

/** The same; null: the server did not say. */
export const askJson = async <T extends object>(ports: ReadPorts, place: Place, sql: string, asked: Asked): Promise<T | null> => {
  const said = await tryJson<T>(ports, place, sql, asked)
  return typeof said === 'string' ? null : said
}
