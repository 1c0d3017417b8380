import { readReadiness } from '@/db/pg/readiness'
import { isFault } from '@/lib/kernel/ground/errors'
import { webPorts } from '@/lib/web-ports'
import { calls } from '../_lib/calls'
import { json, serve } from '../_lib/serve'

export const dynamic = 'force-dynamic'

interface Part {
  name: string
  ok: boolean
  because: string
}

const look = async (name: string, work: () => Promise<string>): Promise<Part> => {
  try {
    return { name, ok: true, because: await work() }
  } catch (error) {
    return { name, ok: false, because: isFault(error) ? error.message : (error as Error).message }
  }
}

/** 200 when the database, the queue and a worker answer; 503 names what does not. */
export const GET = serve(calls.ready, async () => {
  let workers = 0
  const { redis } = webPorts()
  const parts = await Promise.all([
    look('database', async () => {
      const found = await readReadiness()
      workers = found.workers
      return `answers in ${found.databaseMs.toFixed(1)} ms`
    }),
    ...(redis ? [look('redis', async () => `answers in ${(await redis.ping()).toFixed(1)} ms`)] : []),
  ])
  const because = workers > 0 ? `${workers} seen in the last 30 s` : 'none was seen in the last 30 s'
  parts.push({ name: 'worker', ok: workers > 0, because })
  const isReady = parts.every(({ ok }) => ok)
  return json({ status: isReady ? 'ready' : 'not ready', parts }, isReady ? 200 : 503)
})
