import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { asLogin, type Login } from '@/db/pg/rights'
import type { Fleet } from '../fleet/fleet'
import { Lab } from '../lab/lab'
import { shopCommand } from '../lab/load-cli'
import { ensureBuild } from '../setup.mjs'
import { bundled } from './bundled'
import { openCloud } from './cloud'
import type { Death } from './deaths'
import { startEmbedded } from './embedded'
import { openIdentityProvider } from './identity-provider'
import { type Child, type ChildPlan, startChild, untilAnswers } from './processes'
import { claimState, ensureSecrets } from './state'
import { webCommand } from './web-command'

export interface StackOptions {
  /** Absolute; everything the product keeps is below it. */
  stateDirectory: string
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number
  /** null: an empty console for a real fleet, no playground. A promise: what does not need it is started meanwhile. */
  fleet: Fleet | null | Promise<Fleet | null>
  /** The build that is under way; it is begun here when none is. */
  build?: Promise<unknown>
  /** An application writes into the playground's herds through their poolers. Default: nobody does. */
  hasShop?: boolean
  /** Called for each process that ends without having been told to. */
  onDeath?: (death: Death) => void
  /** Milliseconds that machines of its cloud stay in each state between. Default: the cloud's own. */
  settleMs?: number
  databaseUrl?: string
  redisUrl?: string
  workers?: number
  /** Called when a step begins, with its work. */
  onStep?: (step: string, work: Promise<unknown>) => void
  /** The same, of what is still being made when the rest is up. */
  onLater?: (step: string, work: Promise<unknown>) => void
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

/** The playground has no way out, so a database or Redis elsewhere cannot be reached from inside it; one on this machine is reached through a relay (`door.ts`). */
const refuseFarServers = (fleet: Fleet | null, options: StackOptions): void => {
  for (const [name, value] of [
    ['DATABASE_URL', options.databaseUrl],
    ['REDIS_URL', options.redisUrl],
  ] as const)
    if (fleet && value && !isLoopback(value))
      throw new Error(
        `${name} points to another machine, and the playground has no way out. Use one on this machine, or: npm start -- --no-playground`,
      )
}

/**
 * Brings up metadata database, playground, workers and web, in that order where one needs the other and at once where not.
 * Whatever was started is stopped again when a step fails. Everything dies with this process.
 */
export const bringUp = async (options: StackOptions): Promise<Stack> => {
  const { stateDirectory } = options
  claimState(stateDirectory)
  const logDirectory = join(stateDirectory, 'log')
  mkdirSync(logDirectory, { recursive: true })
  const secrets = ensureSecrets(stateDirectory)
  const undo: (() => Promise<unknown>)[] = []
  let isStopping = false
  const stop = async () => {
    isStopping = true
    for (const end of undo.splice(0).reverse()) await end().catch((error: unknown) => console.error((error as Error).message))
  }
  const dies = (name: string, logFile: string | null, meaning: string, startAgain: Death['startAgain']) => (how: string) => {
    if (isStopping) return
    // It may be a while until then, and everything stopped meanwhile.
    options.onDeath?.({ name, how, logFile, meaning, startAgain: startAgain && (() => (isStopping ? undefined : startAgain())) })
  }
  const step = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const running = work()
    running.catch(() => {}) // Awaited where its result is needed; another step may fail first.
    options.onStep?.(name, running)
    return running
  }

  try {
    const build = options.build ?? step('build', ensureBuild)
    const fleet = Promise.resolve(options.fleet)
    const labUp = fleet.then(async (wanted) => {
      refuseFarServers(wanted, options)
      if (!wanted) return null
      const lab = await Lab.open({ stateDir: join(stateDirectory, 'lab') })
      if (isStopping) return null
      undo.push(() => lab.down())
      await step('playground', () => lab.up(wanted))
      void lab.ended().then(() => dies('playground', null, 'Every host, the console and its workers ran in it.', null)('ended'))
      return { lab, fleet: wanted }
    })
    labUp.catch(() => {})

    let databaseUrl = options.databaseUrl
    if (!databaseUrl) {
      const startDatabase = () => startEmbedded(stateDirectory, databaseDied)
      const databaseDied = dies(
        'console database',
        join(stateDirectory, 'postgres.log'),
        'The console does not answer and jobs stand still.',
        () => again(startDatabase).then((next) => undo.unshift(next.stop)),
      )
      const embedded = await step('console database', startDatabase)
      undo.unshift(embedded.stop)
      databaseUrl = embedded.connectionString
    }

    const environment: Record<string, string> = {
      DATABASE_URL: databaseUrl,
      ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
      AUTH_SECRET: secrets.authSecret,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
    }
    Object.assign(process.env, { ...environment, VAULT_KEY: secrets.vaultKey })
    const accountUrl = databaseUrl
    const { register, logins } = await step('schema and accounts', async () => {
      // Imported only now: the modules behind it read the environment that was just set.
      const register = await import('./register')
      undo.push(register.closeStarter)
      const logins = await register.prepareConsole({ databaseUrl: accountUrl, adminUser, adminPassword: secrets.adminPassword })
      return { register, logins }
    })
    // A database of somebody's own is reached as they say: only they know how others log in there.
    const databaseUrlOf = (login: Login) => (options.databaseUrl || !logins[login] ? accountUrl : asLogin(accountUrl, logins[login]))

    const playground = await labUp
    const lab = playground?.lab ?? null
    let directory: Record<string, string> = {}
    let trusted: Record<string, string> = {}
    if (playground) {
      const cloud = await openCloud(playground, stateDirectory, options.settleMs === undefined ? {} : { settleMs: options.settleMs })
      if (cloud) undo.push(cloud.stop)
      if (cloud?.account.rds) trusted = { RDS_CA_FILE: cloud.account.rds.caFile }
      directory = await step('directory and inventory', () => register.registerPlayground(playground, cloud?.account ?? null))
      for (const address of [options.databaseUrl, options.redisUrl])
        if (address) undo.push(await openDoor(playground.lab, address, stateDirectory))
    }
    await build

    /** Starts it, and a successor when it dies. */
    const keep = (plan: Omit<ChildPlan, 'logDirectory' | 'lab' | 'onDeath'>, meaning: string, startAgain: () => unknown): Child => {
      const child: Child = startChild({
        ...plan,
        logDirectory,
        lab,
        onDeath: (how) => {
          // Processes in a playground that is gone died with it; that is reported for the playground.
          if (!lab || lab.isUp) dies(plan.name, child.logFile, meaning, startAgain)(how)
        },
      })
      undo.push(() => child.stop())
      return child
    }
    // So that a subscription can be tried with a receiver that runs beside the worker.
    const workerEnvironment = {
      ...environment,
      DATABASE_URL: databaseUrlOf('worker'),
      VAULT_KEY: secrets.vaultKey,
      MESSAGE_NETWORKS: '127.0.0.0/8',
      ...trusted,
      AUDIT_FILE: join(stateDirectory, 'audit-checkpoints.jsonl'),
    }
    const workers: Child[] = []
    const startWorker = (): Child => {
      const name = `worker-${workers.length + 1}`
      const argv = bundled('jobs/worker.ts')
      const worker = keep(
        { name, argv, environment: workerEnvironment },
        'Its jobs wait for another worker, which resumes them.',
        startWorker,
      )
      workers.push(worker)
      return worker
    }

    const inside = lab ? webPortInside : options.port || (await freePort())
    const relay = lab
      ? await lab.relay({ listenHost: '127.0.0.1', listenPort: options.port, target: { host: '127.0.0.1', port: inside } })
      : null
    if (relay) undo.push(relay.close)
    // By a name, for passkeys are bound to one.
    const url = `http://localhost:${relay ? relay.port : inside}`
    const signIn = playground ? await openIdentityProvider(playground, url, stateDirectory) : null
    if (signIn) undo.push(signIn.stop)
    const webEnvironment = {
      ...environment,
      DATABASE_URL: databaseUrlOf('web'),
      ...directory,
      ...signIn?.environment,
      MATRIARCH_URL: url,
      NEXTAUTH_URL: url,
      NEXTAUTH_SECRET: secrets.authSecret,
      // Inside the playground the agents reach it at the console's own address as well.
      HOSTNAME: lab ? '0.0.0.0' : '127.0.0.1',
      PORT: String(inside),
    }
    const startWeb = (): Child =>
      keep({ name: 'web', argv: [...webCommand], environment: webEnvironment }, 'Pages and the API do not answer; jobs continue.', startWeb)
    const web = startWeb()
    for (let count = 0; count < (options.workers ?? 1); count++) startWorker()
    await step('web and worker', async () => {
      await untilAnswers(`${url}/api/health`, web, (response) => response.ok, 60_000)
      await untilAnswers(`${url}/api/ready`, workers[0] ?? web, (response) => response.ok, 60_000)
    })
    if (playground) await step('host agents', () => register.equipAgents({ ...playground, port: webPortInside }))
    const shop = lab && options.hasShop ? shopCommand(lab) : null
    const startShop = (plan: { argv: string[]; input: string }): Child =>
      keep({ name: 'application', ...plan, environment: {} }, 'Nobody writes through the poolers.', () => startShop(plan))
    if (shop) startShop(shop)
    const clusters = (playground?.fleet.patroni ?? []).map(({ name }) => name).join(', ')
    if (playground && clusters) {
      const made = register.bringPatroni(playground).catch((error: unknown) => {
        if (!isStopping) throw error
      })
      made.catch(() => {}) // Told to whoever waits for it.
      options.onLater?.(`Patroni cluster ${clusters}`, made)
    }
    return { url, adminUser, adminPassword: secrets.adminPassword, lab, databaseUrl, web, workers, workerEnvironment, startWorker, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** The last processes of the one that died may still hold what the next one needs. */
const again = async <T>(start: () => Promise<T>, times = 5): Promise<T> => {
  try {
    return await start()
  } catch (cause) {
    if (times === 1) throw cause
    await new Promise((resolve) => setTimeout(resolve, 500))
    return again(start, times - 1)
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
