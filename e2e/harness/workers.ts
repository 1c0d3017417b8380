import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { migrate } from '@/db/migrate'
import { closeDb, getDb, setDatabase } from '@/db/pg/client'
import { asLogin } from '@/db/pg/rights'
import { environments, herds, instances, servers } from '@/db/schema'
import { closeQueue, migrateQueue, setQueue } from '@/jobs/requests'
import type { HerdShape, MemoryFleet } from '@/lib/adapters/memory'
import { idOf } from '@/lib/adapters/memory'
import { bundled } from '@/lib/playground/start/bundled'
import { startPostgres, type TestPostgres } from './daemons/postgres'
import { freePort } from './free-port'
import { type ServedFleet, serveFleet } from './twin/ports'
import type { TwinWorkerArgument } from './twin/worker'

export interface WorkerProcess {
  pid: number
  /** `kill -9`. */
  kill: () => Promise<void>
  /** Stops every thread of it, as a paused virtual machine does, until `thaw`. */
  freeze: () => void
  thaw: () => void
  /** SIGTERM, and waits for its end. Resolves with the exit code. */
  stop: () => Promise<number | null>
  /** What it logged so far. */
  log: () => string
}

export interface Bench {
  postgres: TestPostgres
  served: ServedFleet
  redis: TestRedis | null
  startWorker: (options?: Partial<Pick<TwinWorkerArgument, 'slots' | 'leaseTtlMs' | 'sweepEveryMs'>>) => Promise<WorkerProcess>
  close: () => Promise<void>
}

export interface TestRedis {
  url: string
  kill: () => Promise<void>
  /** Starts it again on the same port, empty. */
  start: () => Promise<void>
}

const end = (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode)
    child.once('exit', (code) => resolve(code))
    child.kill(signal)
  })

/** A redis-server of a test's own, without persistence, on a free port. It dies with this process. */
export const startRedis = async (): Promise<TestRedis & { stop: () => Promise<void> }> => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'mrd-'))
  let child: ChildProcess
  const start = async () => {
    child = spawn(
      'setpriv',
      [
        '--pdeathsig',
        'KILL',
        '--',
        'redis-server',
        ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--maxmemory-policy', 'noeviction'],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    for await (const line of createInterface({ input: child.stdout! })) if (line.includes('Ready to accept connections')) return
    throw new Error('redis-server did not start')
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: async () => void (await end(child, 'SIGKILL')),
    stop: async () => {
      await end(child, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const startTwinWorker = async (argument: TwinWorkerArgument): Promise<WorkerProcess> => {
  let log = ''
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...bundled('e2e/harness/twin/worker.ts'), JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}:\n${log}`)))
    createInterface({ input: child.stdout! }).once('line', () => resolve())
  })
  return {
    pid: child.pid!,
    kill: async () => void (await end(child, 'SIGKILL')),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end(child, 'SIGTERM'),
    log: () => log,
  }
}

/** What the twin's world registers itself as: the same ids, in the open. */
export const registerFleet = async ({ world }: MemoryFleet): Promise<void> => {
  const db = getDb()
  const all = [...world.instances.values()].map((one) => one.inventory)
  const once = <T>(rows: (T & { id: string })[]) => [...new Map(rows.map((row) => [row.id, row])).values()]
  await db
    .insert(environments)
    .values(once(all.map((one) => ({ id: one.environmentId, name: one.environmentName, protection: 'open' as const }))))
  await db.insert(servers).values(
    once(
      all.map(({ address: { host }, environmentId }) => ({
        id: host.serverId,
        environmentId,
        hostname: host.hostname,
        address: `${host.hostname}.test`,
        hostKey: host.hostKey,
      })),
    ),
  )
  await db.insert(herds).values(
    once(
      all.map((one) => ({
        id: one.herdId,
        environmentId: one.environmentId,
        name: one.herdName,
        baseName: one.herdName,
        port: one.address.port,
        dataDirectory: one.address.dataDirectory,
      })),
    ),
  )
  await db.insert(instances).values(all.map(({ id, herdId, serverId, environmentId }) => ({ id, herdId, serverId, environmentId })))
}

/** Database, queue and fleet of one test file. This process is the web side; workers are processes of their own. */
export const openBench = async (shapes: readonly HerdShape[], queue: 'postgres' | 'redis'): Promise<Bench> => {
  const [postgres, redis, served] = await Promise.all([startPostgres(), queue === 'redis' ? startRedis() : null, serveFleet(shapes)])
  setDatabase(postgres.connectionString)
  const place = { databaseUrl: postgres.connectionString, ...(redis ? { redisUrl: redis.url } : {}) }
  setQueue(place)
  await migrateQueue()
  // The queue's tables are there now, and the workers' login may use them.
  await migrate(postgres.connectionString)
  await registerFleet(served.fleet)
  const workers: WorkerProcess[] = []
  return {
    postgres,
    served,
    redis,
    startWorker: async (options) => {
      const { socketPath } = served
      const databaseUrl = asLogin(postgres.connectionString, 'matriarch_worker')
      const worker = await startTwinWorker({
        ...place,
        databaseUrl,
        socketPath,
        shapes,
        slots: 20,
        leaseTtlMs: 3_000,
        sweepEveryMs: 1_000,
        ...options,
      })
      workers.push(worker)
      return worker
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.kill()))
      await closeQueue()
      await closeDb()
      await Promise.all([postgres.stop(), redis?.stop(), served.close()])
    },
  }
}

export const instanceId = (title: string): string => idOf(title)
