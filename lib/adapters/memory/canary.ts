import { Fault } from '@/lib/kernel/ground/errors'
import type { CanaryAct, CanaryDoor, CanaryEndpoint, CanaryOptions, CanaryRead } from '@/lib/ports'
import { type Calls, perform, reach } from './world/calls'
import { makeHost } from './world/make-world'
import { answering } from './world/reached-host'
import { serves } from './world/wal'
import type { MemoryCanary, MemoryHost, MemoryInstance, MemoryPooler, World } from './world/world'
import { nextRowOf, writeRows, writtenForMs } from './world/write-rows'

const betweenTriesMs = 25

export const memoryCanaryRead = (world: World): CanaryRead => ({
  ledger: async (run) => {
    const canary = world.canaries.get(run)
    // Time passes for it while somebody looks.
    if (canary?.isWriting) write(world, canary)
    return canary === undefined ? null : { ledger: canary.ledger, sha256: 'of a ledger in memory', isWriting: canary.isWriting }
  },
  rows: async (endpoint, run, options) => {
    const instance = await reached(world, endpoint, options)
    const { systemIdentifier } = instance
    const there = (world.canaries.get(run)?.commits ?? []).filter(({ system }) => system === systemIdentifier)
    return there.filter((commit) => holds(instance, commit)).map(({ id }) => id)
  },
  door: async ({ databases, systemIdentifier, ...pooler }, options) => {
    const none = (because: string) =>
      new Fault('sql.unreachable', { because: `${pooler.title} accepts no login. ${because}`, isOver: true })
    const found = poolerAt(world, pooler)
    if (found !== undefined) await reach(world.clock, found.host, options)
    const wanted = databases.find(({ name }) => found?.databases.has(name))
    if (found === undefined || wanted === undefined) throw none('The pooler has no database that a canary can use.')
    if (found.refusesLogin) throw none('authentication failed')
    const led = passing(world, found, wanted.name)
    if (led === undefined || !serves(led) || led.hasStandbySignal) throw none('It points to no primary.')
    if (systemIdentifier !== null && led.systemIdentifier !== systemIdentifier)
      throw none('It points to a server with another system identifier.')
    const { title, host, socketDirectory, port, authFile } = pooler
    return {
      title,
      host,
      socketDirectory,
      port,
      authFile,
      database: wanted.name,
      user: 'app',
      serverDatabase: wanted.database,
      serverUser: 'app',
    }
  },
})

/** A commit is where its timeline is part of the server's history, as far as that goes. */
export const holds = (instance: MemoryInstance, { timeline, bytes }: { timeline: number; bytes: number }): boolean =>
  timeline === instance.timeline
    ? bytes <= instance.walBytes
    : instance.forks.some((fork) => fork.timeline === timeline && bytes <= fork.bytes)

const serverAt = (world: World, { host, port }: CanaryEndpoint): MemoryInstance | undefined =>
  [...world.instances.values()].find(({ inventory: { address } }) => address.host.hostname === host.hostname && address.port === port)

const poolerAt = (world: World, { host, port }: Pick<CanaryEndpoint, 'host' | 'port'>) =>
  [...world.poolers.values()].find(({ inventory: { address } }) => address.host.hostname === host.hostname && address.port === port)

const ledTo = (world: World, { host, port }: { host: string | null; port: number }): MemoryInstance | undefined =>
  [...world.instances.values()].find(({ inventory: { address } }) => address.host.address === host && address.port === port)

/** The server that a door points to now; none while its pooler is stopped or has paused its clients. */
const behind = (world: World, door: CanaryEndpoint | CanaryDoor): MemoryInstance | undefined => {
  if (!('user' in door)) return serverAt(world, door)
  const pooler = poolerAt(world, door)
  return pooler && passing(world, pooler, door.database)
}

/** The server that a database of a pooler points to; none while it accepts no clients. */
const passing = (world: World, pooler: MemoryPooler, database: string): MemoryInstance | undefined => {
  const pooled = pooler.isRunning && !pooler.isPausedWhole ? pooler.databases.get(database) : undefined
  return pooled === undefined || pooled.isPaused || pooled.isDisabled ? undefined : ledTo(world, pooled)
}

const reached = async (world: World, endpoint: CanaryEndpoint, options: CanaryOptions): Promise<MemoryInstance> => {
  const instance = serverAt(world, endpoint)
  if (instance === undefined) throw new Fault('sql.unreachable', { because: `${endpoint.title} is no server.`, isOver: true })
  await reach(world.clock, instance.host, options)
  if (!serves(instance) || instance.refusesLogin)
    throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept connections.`, isOver: true })
  return instance
}

/** The canary is a client in the worker itself, which is no host of the fleet. */
const worker = makeHost('console', 'worker')

export const memoryCanaryAct = (world: World, calls: Calls): CanaryAct => {
  const writable = async (endpoint: CanaryEndpoint, options: CanaryOptions): Promise<MemoryInstance> => {
    const instance = await reached(world, endpoint, options)
    if (instance.hasStandbySignal) throw new Fault('sql.failed', { because: 'cannot execute in a read-only transaction', isOver: true })
    return instance
  }
  const act = <T>(name: string, endpoint: CanaryEndpoint, host: MemoryHost, options: CanaryOptions, action: () => T | Promise<T>) =>
    perform(calls, world.clock, host, { act: name, target: endpoint.title }, options, action)
  const onServer = async (name: string, endpoint: CanaryEndpoint, options: CanaryOptions, action: (instance: MemoryInstance) => void) => {
    const host = serverAt(world, endpoint)?.host ?? answering(world, endpoint.host)
    return act(name, endpoint, host, options, async () => {
      const instance = await writable(endpoint, options)
      dropTable(world, instance.systemIdentifier)
      action(instance)
      instance.applied.push(name)
    })
  }
  const stop = (run: string): void => {
    const canary = world.canaries.get(run)
    if (canary === undefined || !canary.isWriting) return
    write(world, canary)
    const now = world.clock.now()
    if (canary.isWriting)
      Object.assign(canary.ledger, { endedAt: now.toISOString(), elapsedMs: now.getTime() - Date.parse(canary.ledger.startedAt) })
    canary.isWriting = false
  }
  return {
    prepare: (endpoint, _writer, options) =>
      onServer('prepare canary', endpoint, options, ({ systemIdentifier }) => void world.canaryTables.add(systemIdentifier)),
    start: (run, doors, options) =>
      act('start canary', doors[0]!, worker, options, async () => {
        if (world.canaries.get(run)?.isWriting) throw new Fault('step.blocked', { because: 'The canary writes already.', isOver: true })
        world.canaries.delete(run)
        const startedAt = world.clock.now().toISOString()
        const endsAt = world.clock.now().getTime() + options.timeoutMs
        const ledger = { startedAt, endedAt: null, elapsedMs: 0, events: [], modes: [{ synchronousCommit: 'on', standbyNames: '' }] }
        const canary: MemoryCanary = { doors, ledger, isWriting: true, commits: [] }
        while (!(canary.isWriting && write(world, canary))) {
          if (options.signal?.aborted) throw new Fault('shell.cancelled', { isOver: true })
          if (world.clock.now().getTime() >= endsAt) throw new Fault('sql.timeout', { because: 'No member takes writes.', isOver: true })
          await world.clock.sleep(betweenTriesMs, options.signal)
        }
        world.canaries.set(run, canary)
      }),
    stop: async (run) => stop(run),
    remove: async (endpoint, run, options) => {
      stop(run)
      await onServer('remove canary', endpoint, options, () => void world.canaries.delete(run))
    },
  }
}

const dropTable = (world: World, system: string): void => {
  world.canaryTables.delete(system)
  for (const canary of world.canaries.values()) canary.commits = canary.commits.filter((commit) => commit.system !== system)
}

/** False: nobody takes writes. It ends by itself where its table is gone. */
const write = (world: World, canary: MemoryCanary): boolean => {
  const primary = canary.doors.map((door) => behind(world, door)).find((one) => one && serves(one) && !one.hasStandbySignal)
  if (primary === undefined || primary.host.power !== 'on') return false
  if (!world.canaryTables.has(primary.systemIdentifier)) {
    canary.isWriting = false
    const [id, atMs] = [nextRowOf(canary), writtenForMs(world, canary)]
    canary.ledger.events.push({ kind: 'sent', id, atMs }, { kind: 'refused', id, atMs, code: '42P01' })
    return false
  }
  writeRows(world, primary, canary)
  return true
}
