import type { LedgerEvent } from '@/lib/domain/proof/canary-ledger'
import { formatLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CanaryAct, CanaryDoor, CanaryEndpoint, CanaryOptions, CanaryRead } from '@/lib/ports'
import { type Calls, perform, reach } from './calls'
import { flow, serves } from './wal'
import type { MemoryCanary, MemoryInstance, World } from './world'

/** Each commit of the canary is as long as a small row's. */
const commitBytes = 0xc0
/** It writes so many rows when it starts, and again at each look and when it is stopped; time does not pass for it in between. */
const rowsAtOnce = 10

export const memoryCanaryRead = (world: World): CanaryRead => ({
  ledger: async (run) => {
    const canary = world.canaries.get(run)
    // Time passes for it while somebody looks.
    if (canary?.isWriting) write(world, canary)
    return canary === undefined ? null : { ledger: canary.ledger, sha256: 'of a ledger in memory', isWriting: canary.isWriting }
  },
  rows: async (endpoint, run, options) => {
    const instance = await reached(world, endpoint, options)
    return (world.canaries.get(run)?.commits ?? []).filter((commit) => holds(instance, commit)).map(({ id }) => id)
  },
  door: async ({ databases, systemIdentifier, ...pooler }, options) => {
    const none = (because: string) =>
      new Fault('sql.unreachable', { because: `${pooler.title} accepts no login. ${because}`, isOver: true })
    const found = poolerAt(world, pooler)
    const wanted = databases.find(({ name }) => found?.databases.has(name))
    if (found === undefined || wanted === undefined) throw none('The pooler has no database that a canary can use.')
    await reach(world.clock, found.host, options)
    const led = found.isRunning ? ledTo(world, found.databases.get(wanted.name)!) : undefined
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
const holds = (instance: MemoryInstance, { timeline, bytes }: { timeline: number; bytes: number }): boolean =>
  timeline === instance.timeline
    ? bytes <= instance.walBytes
    : instance.forks.some((fork) => fork.timeline === timeline && bytes <= fork.bytes)

const serverAt = (world: World, { host, port }: CanaryEndpoint): MemoryInstance | undefined =>
  [...world.instances.values()].find(({ inventory: { address } }) => address.host.hostname === host.hostname && address.port === port)

const poolerAt = (world: World, { host, port }: Pick<CanaryEndpoint, 'host' | 'port'>) =>
  [...world.poolers.values()].find(({ inventory: { address } }) => address.host.hostname === host.hostname && address.port === port)

const ledTo = (world: World, { host, port }: { host: string | null; port: number }): MemoryInstance | undefined =>
  [...world.instances.values()].find(({ inventory: { address } }) => address.host.address === host && address.port === port)

/** Whom a door leads to now; nobody while its pooler is stopped or has paused its clients. */
const behind = (world: World, door: CanaryEndpoint | CanaryDoor): MemoryInstance | undefined => {
  if (!('user' in door)) return serverAt(world, door)
  const pooler = poolerAt(world, door)
  const pooled = pooler?.isRunning && !pooler.isPausedWhole ? pooler.databases.get(door.database) : undefined
  return pooled === undefined || pooled.isPaused ? undefined : ledTo(world, pooled)
}

const reached = async (world: World, endpoint: CanaryEndpoint, options: CanaryOptions): Promise<MemoryInstance> => {
  const instance = serverAt(world, endpoint)
  if (instance === undefined) throw new Fault('sql.unreachable', { because: `${endpoint.title} is no server.`, isOver: true })
  await reach(world.clock, instance.host, options)
  if (!serves(instance) || instance.refusesLogin)
    throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept connections.`, isOver: true })
  return instance
}

export const memoryCanaryAct = (world: World, calls: Calls): CanaryAct => {
  const writable = async (endpoint: CanaryEndpoint, options: CanaryOptions): Promise<MemoryInstance> => {
    const instance = await reached(world, endpoint, options)
    if (instance.hasStandbySignal) throw new Fault('sql.failed', { because: 'cannot execute in a read-only transaction', isOver: true })
    return instance
  }
  const act = <T>(name: string, endpoint: CanaryEndpoint, options: CanaryOptions, action: () => T | Promise<T>) => {
    const { host } = (serverAt(world, endpoint) ?? poolerAt(world, endpoint))!
    return perform(calls, world.clock, host, { act: name, target: endpoint.title }, options, action)
  }
  return {
    prepare: (endpoint, _writer, options) =>
      act('prepare canary', endpoint, options, async () => void (await writable(endpoint, options)).applied.push('prepare canary')),
    start: (run, doors, options) =>
      act('start canary', doors[0]!, options, () => {
        if (world.canaries.get(run)?.isWriting) throw new Fault('step.blocked', { because: 'The canary writes already.', isOver: true })
        const startedAt = world.clock.now().toISOString()
        const ledger = { startedAt, endedAt: null, elapsedMs: 0, events: [], modes: [{ synchronousCommit: 'on', standbyNames: '' }] }
        const canary: MemoryCanary = { doors, ledger, isWriting: true, commits: [] }
        if (!write(world, canary)) throw new Fault('sql.timeout', { because: 'No member takes writes.', isOver: true })
        world.canaries.set(run, canary)
      }),
    stop: async (run) => {
      const canary = world.canaries.get(run)
      if (canary === undefined || !canary.isWriting) return
      write(world, canary)
      const now = world.clock.now()
      Object.assign(canary, { isWriting: false })
      Object.assign(canary.ledger, { endedAt: now.toISOString(), elapsedMs: now.getTime() - Date.parse(canary.ledger.startedAt) })
    },
    remove: (endpoint, run, options) =>
      act('remove canary', endpoint, options, async () => {
        const instance = await writable(endpoint, options)
        instance.applied.push('remove canary')
        world.canaries.delete(run)
      }),
  }
}

/** False: nobody takes writes. */
const write = (world: World, canary: MemoryCanary): boolean => {
  const primary = canary.doors.map((door) => behind(world, door)).find((one) => one && serves(one) && !one.hasStandbySignal)
  if (primary === undefined || primary.host.power !== 'on') return false
  const atMs = world.clock.now().getTime() - Date.parse(canary.ledger.startedAt)
  for (let row = 0; row < rowsAtOnce; row += 1) {
    const id = canary.commits.length + 1
    const lsn = formatLsn(BigInt(primary.walBytes))
    primary.walBytes += commitBytes
    canary.commits.push({ id, timeline: primary.timeline, bytes: primary.walBytes })
    const events: LedgerEvent[] = [
      { kind: 'sent', id, atMs },
      { kind: 'ack', id, atMs: atMs + 1, timeline: primary.timeline, lsn },
    ]
    canary.ledger.events.push(...events)
  }
  flow(world)
  return true
}
