import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Fleet } from '../fleet/fleet'
import { Lab } from '../lab/lab'
import { ensureBuild, projectRoot } from '../setup.mjs'
import { type EmbeddedPostgres, startEmbedded } from './embedded'
import { type Child, startChild, untilAnswers } from './processes'
import { claimState, ensureSecrets } from './state'
import { webCommand } from './web-command'

export interface StackOptions {
  /** Absolute; everything the product keeps is below it. */
  stateDirectory: string
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number
  /** null: an empty console for a real fleet, no playground. */
  fleet: Fleet | null
  databaseUrl?: string
  redisUrl?: string
  workers?: number
  /** Called when a step ends. */
  onStep?: (step: string, tookMs: number) => void
  onProgress?: (step: string, done: number, of: number) => void
}

/** The running product. */
export interface Stack {
  url: string
  adminUser: string
  adminPassword: string
  lab: Lab | null
  databaseUrl: string
  web: Child
  workers: Child[]
  /** What web and workers were started with; for tests that start another worker. */
  workerEnvironment: Record<string, string>
  startWorker: () => Child
  stop: () => Promise<void>
}

const webPortInside = 3000
const adminUser = 'admin'

const isLoopback = (address: string): boolean => {
  const { hostname } = new URL(address.replace('@/', '@localhost/'))
  return ['localhost', '127.0.0.1', '[::1]', ''].includes(hostname)
}

/** The playground has no way out, so a database or Redis elsewhere cannot be reached from inside it; one on this machine is led in through a door. */
const refuseFarServers = (options: StackOptions): void => {
  for (const [name, value] of [
    ['DATABASE_URL', options.databaseUrl],
    ['REDIS_URL', options.redisUrl],
  ] as const)
    if (options.fleet && value && !isLoopback(value))
      throw new Error(
        `${name} points to another machine, and the playground has no way out. Use one on this machine, or: npm start -- --no-playground`,
      )
}

/**
 * Brings up metadata database, playground, workers and web, in that order where one needs the other and at once where not.
 * Whatever was started is stopped again when a step fails. Everything dies with this process.
 */
export const bringUp = async (options: StackOptions): Promise<Stack> => {
  const { stateDirectory, fleet } = options
  refuseFarServers(options)
  claimState(stateDirectory)
  const logDirectory = join(stateDirectory, 'log')
  mkdirSync(logDirectory, { recursive: true })
  const secrets = ensureSecrets(stateDirectory)
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of undo.splice(0).reverse()) await end().catch((error: unknown) => console.error((error as Error).message))
  }
  const timed = async <T>(step: string, work: () => Promise<T> | T): Promise<T> => {
    const startedAt = performance.now()
    const result = await work()
    options.onStep?.(step, performance.now() - startedAt)
    return result
  }

  try {
    let embedded: EmbeddedPostgres | null = null
    if (!options.databaseUrl) {
      embedded = await timed('console database', () => startEmbedded(stateDirectory))
      undo.push(embedded.stop)
    }
    const databaseUrl = options.databaseUrl ?? embedded!.connectionString

    const lab = fleet ? await Lab.open({ stateDir: join(stateDirectory, 'lab') }) : null
    if (lab) undo.push(() => lab.down())
    const labUp =
      lab && fleet ? timed('playground', () => lab.up(fleet, { onProgress: (p) => options.onProgress?.(p.step, p.done, p.of) })) : null
    labUp?.catch(() => {})

    const environment: Record<string, string> = {
      DATABASE_URL: databaseUrl,
      ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
      AUTH_SECRET: secrets.authSecret,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
    }
    Object.assign(process.env, { ...environment, VAULT_KEY: secrets.vaultKey })
    // Imported only now: the modules behind it read the environment that was just set.
    const register = await import('./register')
    undo.push(register.closeStarter)
    const { publicKey } = await timed('schema and accounts', () =>
      register.prepareConsole({ databaseUrl, adminUser, adminPassword: secrets.adminPassword }),
    )
    if (await timed('build', () => ensureBuild())) options.onProgress?.('build', 1, 1)

    let directory: Record<string, string> = {}
    if (lab && fleet) {
      await labUp
      directory = await timed('directory and inventory', () => register.registerPlayground({ lab, fleet, publicKey }))
      for (const address of [options.databaseUrl, options.redisUrl]) if (address) undo.push(await openDoor(lab, address, stateDirectory))
    }

    const workerEnvironment = { ...environment, VAULT_KEY: secrets.vaultKey }
    const workers: Child[] = []
    const startWorker = (): Child => {
      const worker = startChild({
        name: `worker-${workers.length + 1}`,
        argv: [process.execPath, '--import', 'tsx', join(projectRoot, 'jobs/worker.ts')],
        environment: workerEnvironment,
        logDirectory,
        lab,
      })
      workers.push(worker)
      undo.push(() => worker.stop())
      return worker
    }

    const inside = lab ? webPortInside : options.port || (await freePort())
    const relay = lab
      ? await lab.relay({ listenHost: '127.0.0.1', listenPort: options.port, target: { host: '127.0.0.1', port: inside } })
      : null
    if (relay) undo.push(relay.close)
    const url = `http://127.0.0.1:${relay ? relay.port : inside}`
    const web = startChild({
      name: 'web',
      argv: [...webCommand],
      environment: {
        ...environment,
        ...directory,
        MATRIARCH_URL: url,
        NEXTAUTH_URL: url,
        NEXTAUTH_SECRET: secrets.authSecret,
        // Inside the playground the agents reach it at the console's own address as well.
        HOSTNAME: lab ? '0.0.0.0' : '127.0.0.1',
        PORT: String(inside),
      },
      logDirectory,
      lab,
    })
    undo.push(() => web.stop())
    for (let count = 0; count < (options.workers ?? 1); count++) startWorker()
    await timed('web and worker', async () => {
      await untilAnswers(`${url}/api/health`, web, (response) => response.ok, 60_000)
      await untilAnswers(`${url}/api/ready`, workers[0] ?? web, (response) => response.ok, 60_000)
    })
    if (lab && fleet) await timed('host agents', () => register.equipAgents({ lab, fleet, port: webPortInside }))
    return { url, adminUser, adminPassword: secrets.adminPassword, lab, databaseUrl, web, workers, workerEnvironment, startWorker, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** A TCP server of this machine, at the same address inside the playground. */
const openDoor = async (lab: Lab, address: string, stateDirectory: string): Promise<() => Promise<void>> => {
  const { openDoorInto } = await import('./door')
  const url = new URL(address.replace('@/', '@localhost/'))
  const port = Number(url.port || (url.protocol.startsWith('redis') ? 6379 : 5432))
  return url.searchParams.has('host') ? async () => {} : openDoorInto(lab, port, join(stateDirectory, `door-${port}`))
}

const freePort = async (): Promise<number> => {
  const { createServer } = await import('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
