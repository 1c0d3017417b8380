import { createPostgresBackend, Queue as RedisQueue, Worker as RedisWorker, withBackend } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'

/** Where the queue lives: in Redis when there is one, else in the metadata PostgreSQL. */
export interface QueuePlace {
  databaseUrl: string
  redisUrl?: string
}

/** Wakes workers. The queue carries an id and nothing else: a message that is lost or comes twice changes nothing but when somebody looks. */
export interface Waker {
  /** False: the queue does not answer within 2 s, and the sweep will find them. */
  wakeJobs: (jobIds: readonly string[]) => Promise<boolean>
  wakePlan: (planId: string) => Promise<boolean>
  close: () => Promise<void>
}

export const queueNames = ['jobs', 'plans'] as const
type QueueName = (typeof queueNames)[number]

interface Message {
  jobId?: string
  planId?: string
}

const answerWithinMs = 2_000
const prefix = 'matriarch'
const postgres = withBackend(createPostgresBackend)
/** Nothing is kept of a message that was heard: the journal is the record. */
const forgotten = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const

/** Nobody listens to the queue’s own events. */
const quiet = { streams: { events: { maxLen: 100 } } }

const postgresConnection = (connectionString: string, max: number) => ({
  connectionString,
  max,
  connectionTimeoutMillis: 5_000,
  application_name: 'matriarch queue',
  // A wake-up that a crash of the database loses is made good by the sweep, so none of them waits for the disk.
  options: '-c synchronous_commit=off',
})

/** A connection of our own, so that one whose server is gone can be ended for certain. */
const redisConnection = (url: string, options: RedisOptions, onError: (error: Error) => void): Redis => {
  const redis = new Redis(url, options)
  redis.on('error', onError)
  return redis
}

const openQueue = (name: QueueName, place: QueuePlace, onError: (error: Error) => void) => {
  // A web request must not wait for a Redis that is gone.
  const hasty: RedisOptions = { maxRetriesPerRequest: 1, enableOfflineQueue: false, connectTimeout: answerWithinMs }
  const redis = place.redisUrl ? redisConnection(place.redisUrl, hasty, onError) : null
  const queue = redis
    ? (new RedisQueue<Message>(name, { ...quiet, prefix, connection: redis }) as RedisQueue<Message>)
    : (new postgres.Queue<Message>(name, {
        ...quiet,
        connection: postgresConnection(place.databaseUrl, 1),
      }) as unknown as RedisQueue<Message>)
  queue.on('error', onError)
  return {
    queue,
    close: async () => {
      redis?.disconnect()
      await queue.close()
    },
  }
}

const within = async (work: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), answerWithinMs)
  })
  const done = work.then(
    () => true,
    () => false,
  )
  try {
    return await Promise.race([done, late])
  } finally {
    clearTimeout(timer)
  }
}

export const openWaker = (place: QueuePlace, onError: (error: Error) => void): Waker => {
  const jobs = openQueue('jobs', place, onError)
  const plans = openQueue('plans', place, onError)
  return {
    wakeJobs: async (jobIds) =>
      jobIds.length === 0 || within(jobs.queue.addBulk(jobIds.map((jobId) => ({ name: 'job', data: { jobId }, opts: forgotten })))),
    wakePlan: (planId) => within(plans.queue.add('plan', { planId }, forgotten)),
    close: async () => {
      await Promise.allSettled([jobs.close(), plans.close()])
    },
  }
}

export interface Hearing {
  /** Stops listening at once. What was heard goes on. */
  close: () => Promise<void>
}

/**
 * Calls `onJob` and `onPlan` for what is heard, at most `slots` jobs and `planSlots` plans at a time; their promises occupy the slots. They must not throw.
 * The connection comes back by itself after a lost server; `onError` is told.
 */
export const hear = (
  place: QueuePlace,
  options: {
    slots: number
    planSlots: number
    onJob: (jobId: string) => Promise<void>
    onPlan: (planId: string) => Promise<void>
    onError: (error: Error) => void
  },
): Hearing => {
  const common = {
    // A message whose listener died is forgotten; the sweep knows better what to do than a second delivery.
    maxStalledCount: 0,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    runRetryDelay: 1_000,
  }
  const redis = place.redisUrl ? redisConnection(place.redisUrl, { maxRetriesPerRequest: null }, options.onError) : null
  const open = (name: QueueName, concurrency: number, heard: (message: Message) => Promise<void>) => {
    const processor = ({ data }: { data: Message }) => heard(data)
    const worker = redis
      ? new RedisWorker<Message>(name, processor, { ...common, prefix, concurrency, connection: redis })
      : new postgres.Worker<Message>(name, processor, { ...common, concurrency, connection: postgresConnection(place.databaseUrl, 2) })
    worker.on('error', options.onError)
    return worker
  }
  const workers = [
    open('jobs', options.slots, ({ jobId }) => (jobId ? options.onJob(jobId) : Promise.resolve())),
    open('plans', options.planSlots, ({ planId }) => (planId ? options.onPlan(planId) : Promise.resolve())),
  ]
  return {
    close: async () => {
      await Promise.allSettled(workers.map((worker) => worker.close(true)))
      redis?.disconnect()
    },
  }
}
