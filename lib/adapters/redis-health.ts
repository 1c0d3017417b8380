import { Redis } from 'ioredis'
import { Fault } from '@/lib/kernel/ground/errors'
import type { QueueHealth } from '@/lib/ports/queue-health'

const deadlineMs = 2_000

/** One connection, opened at the first question and kept; it reconnects by itself and never queues questions while it is away. */
export const makeRedisHealth = (url: string): QueueHealth => {
  let redis: Redis | null = null
  return {
    ping: async () => {
      redis ??= new Redis(url, {
        connectTimeout: deadlineMs,
        commandTimeout: deadlineMs,
        maxRetriesPerRequest: 0,
        retryStrategy: () => 1_000,
      })
      redis.removeAllListeners('error').on('error', () => {})
      const startedAt = performance.now()
      try {
        await redis.ping()
        return performance.now() - startedAt
      } catch (cause) {
        throw new Fault('queue.down', {}, { cause })
      }
    },
  }
}
