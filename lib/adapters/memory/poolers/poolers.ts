import { quoteIdentifier } from '@/lib/domain/values/sql-quote'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, PoolerAddress, PoolersAct, PoolersRead, PoolerWrite } from '@/lib/ports'
import { type Calls, hang, perform, reach } from '../world/calls'
import type { MemoryClock } from '../world/clock'
import { type HerdShape, idOf, type MemoryHost, type MemoryPooled, type MemoryPooler, type World } from '../world/world'
import { memoryDeadManAct, memoryDeadManRead, settleDeadMan } from './dead-man'
import { applyFile, digestOf, fenceFor, findPooler, putFile } from './pooler-state'

const iniOf = (database: string, host: string, port: number): string =>
  `[databases]\n${database} = host=${host} port=${port} dbname=${database}\n\n[pgbouncer]\nlisten_port = 6432\npool_mode = transaction\n`

/** A pooler on each host that a herd's shape names, with the herd's database, pointing to the herd's first host. */
export const addPoolers = (
  world: World,
  herds: readonly HerdShape[],
  hostOf: (environment: string, hostname: string) => MemoryHost,
): void => {
  for (const { environment, name: herdName, hosts, port = 5432, poolers = [] } of herds)
    for (const hostname of poolers) {
      const host = hostOf(environment, hostname)
      const title = `${herdName} pooler on ${hostname}`
      const primary = world.hosts.get(hosts[0]!)!.server.address.address
      const pooler: MemoryPooler = {
        inventory: {
          id: idOf(title),
          title,
          environmentId: idOf(environment),
          environmentName: environment,
          herdId: idOf(`${environment}/${herdName}`),
          herdName,
          herds: [{ id: idOf(`${environment}/${herdName}`), name: herdName }],
          serverId: host.server.id,
          template: null,
          isManaged: false,
          address: {
            poolerId: idOf(title),
            host: host.server.address,
            socketDirectory: '/var/run/postgresql',
            port: 6432,
            configPath: '/etc/pgbouncer/pgbouncer.ini',
          },
        },
        host,
        isRunning: true,
        refusesLogin: false,
        isPausedWhole: false,
        databases: new Map(),
        file: { text: iniOf(herdName, primary, port), owner: 'postgres:postgres', mode: '640' },
        before: null,
        fences: new Map(),
        get fence() {
          return Math.max(0, ...this.fences.values())
        },
        claimed: 0,
        timers: [],
        timerProblem: null,
        applied: [],
      }
      applyFile(pooler)
      world.poolers.set(pooler.inventory.id, pooler)
    }
  for (const shape of herds) for (const hostname of shape.sharedPoolers ?? []) share(world, shape, hostname)
}

/** The pooler of that host serves this herd too. */
const share = (world: World, { environment, name, hosts, port = 5432 }: HerdShape, hostname: string): void => {
  const pooler = [...world.poolers.values()].find((one) => one.host.server.address.hostname === hostname)!
  const primary = world.hosts.get(hosts[0]!)!.server.address.address
  pooler.file!.text = pooler.file!.text.replace('\n\n', `\n${name} = host=${primary} port=${port} dbname=${name}\n\n`)
  pooler.inventory.herds.push({ id: idOf(`${environment}/${name}`), name })
  applyFile(pooler)
}

const silent = ({ host }: MemoryPooler): Fault =>
  new Fault('pooler.unreachable', { isOver: true, isRefused: true, because: `No PgBouncer listens on ${host.server.title}.` })

const mustAnswer = (pooler: MemoryPooler): void => {
  if (!pooler.isRunning) throw silent(pooler)
  if (pooler.refusesLogin)
    throw new Fault('pooler.unreachable', { isOver: true, sqlstate: '08P01', because: 'not allowed to use the console' })
}

const refused = (because: string): Fault => new Fault('pooler.refused', { isOver: true, because })
const commandOf = (verb: string, database: string): string => `${verb.toUpperCase()} ${quoteIdentifier(database)}`

const asked = async (world: World, address: PoolerAddress, options: CallOptions): Promise<MemoryPooler> => {
  const pooler = findPooler(world, address)
  await reach(world.clock, pooler.host, options)
  settleDeadMan(world, pooler)
  mustAnswer(pooler)
  return pooler
}

export const memoryPoolersRead = (world: World): PoolersRead => ({
  look: async (address, options) => {
    const observedAt = world.clock.stamp()
    const nothing = { version: null, isPausedWhole: null, databases: [], clients: null, waiting: null, observedAt }
    try {
      const pooler = await asked(world, address, options)
      const databases = [...pooler.databases].map(([name, one]) => ({
        name,
        host: one.host,
        port: one.port,
        database: name,
        poolMode: one.mode,
        isPaused: one.isPaused,
        isDisabled: one.isDisabled,
        clientsActive: one.busy.length + one.idle.length,
        clientsWaiting: 0,
        serversBusy: one.busy.length,
        serversIdle: 0,
        longestWaitSeconds: 0,
      }))
      const clients = databases.reduce((sum, one) => sum + one.clientsActive, 0)
      return {
        state: 'online',
        because: null,
        version: '1.18.0',
        isPausedWhole: pooler.isPausedWhole,
        databases,
        clients,
        waiting: 0,
        observedAt,
      }
    } catch (error) {
      if (!isFault(error) || options.signal?.aborted) throw error
      const state = error.code === 'pooler.unreachable' ? (error.facts.isRefused ? 'stopped' : 'refused') : 'unreachable'
      return { ...nothing, state: error.code === 'shell.timeout' ? 'unknown' : state, because: error.message }
    }
  },
  clients: async (address, options) =>
    [...(await asked(world, address, options)).databases.values()].flatMap(({ busy, idle }) => structuredClone([...busy, ...idle])),
  stats: async (address, options) =>
    [...(await asked(world, address, options)).databases.keys()].map((database) => ({
      database,
      transactions: 0,
      queries: 0,
      transactionsPerSecond: 0,
      queriesPerSecond: 0,
      transactionMicroseconds: 0,
      queryMicroseconds: 0,
      waitMicroseconds: 0,
    })),
  settings: async (address, options) => {
    const { inventory } = await asked(world, address, options)
    return { conffile: inventory.address.configPath, listen_port: String(inventory.address.port), pool_mode: 'transaction' }
  },
  readFile: async (address, options) => {
    const pooler = findPooler(world, address)
    await reach(world.clock, pooler.host, options)
    settleDeadMan(world, pooler)
    return pooler.file && { ...pooler.file, digest: digestOf(pooler.file.text), fence: pooler.fence }
  },
  ...memoryDeadManRead(world),
  commands: { of: commandOf },
})

export const memoryPoolersAct = (world: World, calls: Calls): PoolersAct => {
  const act = async (
    address: PoolerAddress,
    name: string,
    options: CallOptions,
    action: (pooler: MemoryPooler) => void | Promise<void>,
  ): Promise<void> => {
    const pooler = findPooler(world, address)
    await perform(calls, world.clock, pooler.host, { act: name, target: pooler.inventory.title }, options, async () => {
      settleDeadMan(world, pooler)
      if (!name.startsWith('write')) mustAnswer(pooler)
      await action(pooler)
      pooler.applied.push(name)
    })
  }
  const onDatabase =
    (verb: string, action: (one: MemoryPooled, pooler: MemoryPooler, options: CallOptions) => void | Promise<void>) =>
    (address: PoolerAddress, database: string, options: CallOptions): Promise<void> =>
      act(address, `${verb} ${database}`, options, async (pooler) => {
        const one = pooler.databases.get(database)
        if (one === undefined) throw refused(`no such database: ${database}`)
        await action(one, pooler, options)
      })
  return {
    pause: onDatabase('pause', async (one, pooler, options) => {
      if (pooler.isPausedWhole) throw refused('already suspended/paused')
      one.isPaused = true
      await drained(world.clock, one, options)
    }),
    resume: onDatabase('resume', (one) => {
      if (!one.isPaused) throw refused('database is not paused')
      one.isPaused = false
    }),
    reconnect: onDatabase('reconnect', () => {}),
    disable: onDatabase('disable', (one) => {
      one.isDisabled = true
    }),
    enable: onDatabase('enable', (one) => {
      one.isDisabled = false
    }),
    kill: onDatabase('kill', (one) => {
      Object.assign(one, { busy: [], idle: [], isPaused: true })
    }),
    resumeWhole: (address, options) =>
      act(address, 'resume', options, (pooler) => {
        if (!pooler.isPausedWhole) throw refused('pooler is not paused/suspended')
        pooler.isPausedWhole = false
      }),
    reload: (address, options) => act(address, 'reload', options, applyFile),
    shutDown: (address, options) =>
      act(address, 'shut down', options, (pooler) => {
        pooler.isRunning = false
        for (const one of pooler.databases.values()) Object.assign(one, { busy: [], idle: [], isPaused: false, isDisabled: false })
      }),
    writeFile: (address, { text, ...write }, options) => act(address, 'write', options, (pooler) => put(pooler, text, write)),
    restoreFile: (address, write, options) =>
      act(address, 'write back', options, (pooler) => {
        if (pooler.before === null) throw new Fault('shell.failed', { isOver: true, because: 'Nothing was kept of an earlier file.' })
        put(pooler, pooler.before, write)
      }),
    ...memoryDeadManAct(world, calls),
  }
}

const put = (pooler: MemoryPooler, text: string, { token, expectedDigest, herdId }: Omit<PoolerWrite, 'text'>): void => {
  if (pooler.file === null) throw new Fault('shell.failed', { isOver: true, because: 'The file is not there.' })
  const fence = fenceFor(pooler, herdId)
  if (token < fence)
    throw new Fault('pooler.fenced', { isOver: true, because: `A later writer (token ${fence}, ours is ${token}) has written it.` })
  if (digestOf(pooler.file.text) !== expectedDigest)
    throw new Fault('record.conflict', { isOver: true, because: 'The file was changed by somebody else meanwhile.' })
  putFile(pooler, text, { token, herdId })
}

/** PAUSE answers once no client holds a server any more; the twin's clients never let go by themselves while somebody waits in virtual time. */
const drained = async (clock: MemoryClock, one: MemoryPooled, { signal, timeoutMs }: CallOptions): Promise<void> => {
  if (one.busy.length === 0) return
  const because = 'PAUSE was not answered in time'
  await hang(clock, signal, timeoutMs, false, because).catch((error: unknown) => {
    throw isFault(error) ? new Fault('pooler.timeout', { because }) : error
  })
}
