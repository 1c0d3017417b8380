import { getPool } from '@/db/pg/client'

/** What a call asks PostgreSQL. */
export const listened = async (work: () => Promise<unknown>): Promise<{ text: string; values: unknown[] }[]> => {
  const asked: { text: string; values: unknown[] }[] = []
  const pool = getPool()
  const original = pool.query
  pool.query = ((...args: Parameters<typeof original>) => {
    asked.push(
      typeof args[0] === 'string'
        ? { text: args[0], values: (args as unknown[])[1] as unknown[] }
        : (args[0] as unknown as { text: string; values: unknown[] }),
    )
    return original.apply(pool, args)
  }) as typeof original
  try {
    await work()
  } finally {
    pool.query = original
  }
  return asked
}
