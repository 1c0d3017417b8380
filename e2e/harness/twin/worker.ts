import { setDatabase } from '@/db/pg/client'
import { startWorker } from '@/jobs/driver/start-worker'
import { startEvictions } from '@/jobs/evictions'
import { startExpiry } from '@/jobs/expiry'
import { startHostChecks } from '@/jobs/observer/host-checks'
import { startSizing } from '@/jobs/sizing'
import type { HerdShape } from '@/lib/adapters/memory'
import { operationByName } from '@/lib/operations'
import { connectFleet } from './ports'

/** A worker process whose hosts are a served fleet in memory; everything else is the real thing. Its one argument is JSON. */
export interface TwinWorkerArgument {
  databaseUrl: string
  redisUrl?: string
  socketPath: string
  shapes: readonly HerdShape[]
  slots: number
  leaseTtlMs: number
  sweepEveryMs: number
}

const { databaseUrl, redisUrl, socketPath, shapes, ...rest } = JSON.parse(process.argv[2]!) as TwinWorkerArgument
const say = (level: string) => (facts: object, text: string) =>
  console.error(
    level,
    text,
    JSON.stringify(facts, (_key, value) => (value instanceof Error ? (value.stack ?? value.message) : value)),
  )

setDatabase(databaseUrl)
const log = { info: say('info'), warn: say('warn'), error: say('error') }
const ports = connectFleet(socketPath, shapes)
const worker = await startWorker({
  ...rest,
  place: { databaseUrl, ...(redisUrl ? { redisUrl } : {}) },
  ports,
  operationByName,
  log,
})
const sizing = startSizing({
  waker: worker.waker,
  log,
  everyMs: rest.sweepEveryMs,
  sessionsOf: async (id) => ports.read.activity.look((await ports.read.inventory.instance(id)).address, { timeoutMs: 5_000 }),
})
const evictions = await startEvictions({ waker: worker.waker, log })
const expiry = startExpiry({ waker: worker.waker, log, everyMs: rest.sweepEveryMs })
await startHostChecks({ hosts: ports.read.hosts, log })
process.once('SIGTERM', () => void Promise.all([sizing.stop(), evictions.stop(), expiry.stop(), worker.stop()]).then(() => process.exit(0)))
console.log('ready')
