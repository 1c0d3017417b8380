import { readReadiness } from '@/db/pg/readiness'
import { isFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import { webPorts } from '@/lib/web-ports'
import { calls } from '../_lib/calls'
import { json, serve } from '../_lib/serve'

export const dynamic = 'force-dynamic'

interface Part {
  name: string
  ok: boolean
  because: string
}

/** Anybody may ask: the answer says which part, and never in a driver's words, which name addresses. Those go to the log. */
const look = async (name: string, work: () => Promise<unknown>): Promise<Part> => {
  try {
    await work()
    return { name, ok: true, because: 'answers' }
  } catch (error) {
    logger().warn({ err: error, part: name }, 'not ready')
    return { name, ok: false, because: isFault(error) ? 'does not answer' : 'does not answer as it should' }
  }
}

const lookAtAll = async (): Promise<Part[]> => {
  let workers = 0
  const { redis } = webPorts()
  const parts = await Promise.all([
    look('database', async () => {
      workers = (await readReadiness()).workers
    }),
    ...(redis ? [look('redis', () => redis.ping())] : []),
  ])
  const because = workers > 0 ? 'was seen in the last 30 s' : 'none was seen in the last 30 s'
  return [...parts, { name: 'worker', ok: workers > 0, because }]
}

/** Asked once in this long, however many ask. */
const freshMs = 1_000
let last: { at: number; parts: Promise<Part[]> } | null = null

/** 200 when the database, the queue and a worker answer; 503 names what does not. At most a second old. */
export const GET = serve(calls.ready, async () => {
  if (last === null || performance.now() - last.at > freshMs) last = { at: performance.now(), parts: lookAtAll() }
  const parts = await last.parts
  const isReady = parts.every(({ ok }) => ok)
  return json({ status: isReady ? 'ready' : 'not ready', parts }, isReady ? 200 : 503)
})
