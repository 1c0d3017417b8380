import { getPool } from '@/db/pg/client'
import { env } from '@/lib/env'
import { logger } from '@/lib/log'
import { openWaker, type QueuePlace, queueNames, type Waker } from './waker'

interface Held {
  place: QueuePlace | null
  waker: Waker | null
}

/** Next loads this module once per bundle; one process still has one queue. */
const holder = globalThis as unknown as { __matriarchQueue?: Held }
holder.__matriarchQueue ??= { place: null, waker: null }
const held: Held = holder.__matriarchQueue

/** For tools and tests that have a queue but not the whole environment. Call before the first use, or after `closeQueue`. */
export const setQueue = (place: QueuePlace): void => {
  held.place = place
}

export const queuePlace = (): QueuePlace => {
  if (held.place) return held.place
  const { DATABASE_URL, REDIS_URL } = env()
  return { databaseUrl: DATABASE_URL, ...(REDIS_URL ? { redisUrl: REDIS_URL } : {}) }
}

export const getWaker = (): Waker => {
  if (!held.waker) {
    let saidAt = 0
    const isConfigured = held.place === null
    held.waker = openWaker(queuePlace(), (error) => {
      if (!isConfigured || Date.now() - saidAt < 60_000) return
      saidAt = Date.now()
      logger().warn({ err: error }, 'the queue does not answer')
    })
  }
  return held.waker
}

export const closeQueue = async (): Promise<void> => {
  const { waker } = held
  held.waker = null
  held.place = null
  await waker?.close()
}

/** Brings BullMQ's own tables up to date; nothing to do on Redis. Safe to call again and from several processes at once. */
export const migrateQueue = async (): Promise<void> => {
  if (queuePlace().redisUrl) return
  const { runMigrations } = await import('bullmq')
  const client = await getPool().connect()
  try {
    await runMigrations(client)
    // Each queue numbers its messages by a sequence that its first message makes, and neither web nor worker may make one.
    for (const queue of queueNames) await client.query('select bullmq.next_job_id($1)', [queue])
  } finally {
    client.release()
  }
}
