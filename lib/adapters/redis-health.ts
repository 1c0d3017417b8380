import { Redis } from 'ioredis'
import { Fault } from '@/lib/kernel/ground/errors'

const deadlineMs = 2_000

/** Whether the queue's own server answers. */
export interface RedisHealth {
  /** Milliseconds the answer took. Throws `queue.down` within two seconds. */
  ping: () => Promise<number>
}

/** One connection, opened at the first question and kept; it reconnects by itself and never queues questions while it is away. */
export const makeRedisHealth = (url: string): RedisHealth => {
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
