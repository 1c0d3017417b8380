import { Fault } from '@/lib/kernel/ground/errors'
import { type DrillAct, type DrillProcess, type DrillProgram, type DrillRead, type DrillWay, drillDatabase } from '@/lib/ports'
import { holds } from './canary'
import { followTo, handOver, ledBy, mostOf, seatsOf } from './patroni'
import { actingOn, reached } from './postgres/instances'
import { type Calls, perform, reach } from './world/calls'
import type { MemoryDrill } from './world/drills'
import { makeHost } from './world/make-world'
import { hostAt } from './world/reached-host'
import { flow, serves, writeShutdown } from './world/wal'
import type { MemoryHost, MemoryInstance, World } from './world/world'
import { writeRows } from './world/write-rows'

const sumBefore = 10_000
const patroniPid = 500
const etcdPid = 400

export const memoryDrillRead = (world: World): DrillRead => ({
  database: async (address, options) => {
    const instance = serving(await reached(world, address, options))
    const jobId = world.drillDatabases.get(instance.systemIdentifier)
    return { isThere: jobId !== undefined, jobId: jobId ?? null }
  },
  ledger: async (run) => {
    const drill = world.drills.get(run)
    if (drill?.isWriting) write(world, drill)
    return drill === undefined ? null : { ledger: drill.ledger, sha256: 'of a ledger in memory', isWriting: drill.isWriting }
  },
  rows: async (address, run, options) => {
    const instance = serving(await reached(world, address, options))
    if (!world.drillDatabases.has(instance.systemIdentifier))
      throw new Fault('sql.unreachable', { because: `database "${drillDatabase}" does not exist`, isOver: true })
    const here = (drill: MemoryDrill | undefined) =>
      (drill?.commits ?? []).filter((commit) => commit.system === instance.systemIdentifier && holds(instance, commit))
    const all = [...world.drills.values()].flatMap(here)
    return { ids: here(world.drills.get(run)).map(({ id }) => id), sum: sumBefore + all.length }
  },
  process: async (address, program, dataDirectory, options) => {
    const host = hostAt(world, address)
    await reach(world.clock, host, options)
    return processOf(world, host, program, dataDirectory)
  },
})

const serving = (instance: MemoryInstance): MemoryInstance => {
  if (serves(instance) && !instance.refusesLogin) return instance
  throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept connections.`, isOver: true })
}

const instanceOn = (world: World, host: MemoryHost, dataDirectory: string): MemoryInstance | undefined =>
  [...world.instances.values()].find((one) => one.host === host && one.inventory.address.dataDirectory === dataDirectory)

const processOf = (world: World, host: MemoryHost, program: DrillProgram, dataDirectory: string): DrillProcess | null => {
  const process = (pid: number, started: string): DrillProcess => ({ pid, started, argv: [program], whyNot: null })
  if (program === 'postgres') {
    const instance = instanceOn(world, host, dataDirectory)
    return instance?.state === 'running' ? process(instance.pid, instance.startedAt) : null
  }
  if (program === 'patroni')
    return host.managers.some((one) => one.dataDirectory === dataDirectory && one.state === 'running') ? process(patroniPid, '1') : null
  return etcdOf(world, host)?.isUp ? process(etcdPid, '1') : null
}

const etcdOf = (world: World, { server }: MemoryHost) =>
  [...world.etcd.values()].flatMap(({ members }) => members).find(({ name }) => name === server.title)

export const memoryDrillAct = (world: World, calls: Calls): DrillAct => {
  const act = actingOn(world, calls)
  const worker = makeHost('console', 'worker')
  const writable = (instance: MemoryInstance): MemoryInstance => {
    if (serving(instance).hasStandbySignal)
      throw new Fault('sql.failed', { because: 'cannot execute in a read-only transaction', isOver: true })
    return instance
  }
  const stop = (run: string): void => {
    const drill = world.drills.get(run)
    if (drill === undefined || !drill.isWriting) return
    write(world, drill)
    const now = world.clock.now()
    Object.assign(drill.ledger, { endedAt: now.toISOString(), elapsedMs: now.getTime() - Date.parse(drill.ledger.startedAt) })
    drill.isWriting = false
  }
  return {
    prepare: (address, jobId, options) =>
      act(address, 'prepare drill', options, (instance) => {
        const { systemIdentifier } = writable(instance)
        if ((world.drillDatabases.get(systemIdentifier) ?? jobId) !== jobId)
          throw new Fault('step.blocked', { because: 'The database is there already, and this drill did not make it.', isOver: true })
        world.drillDatabases.set(systemIdentifier, jobId)
      }),
    start: (run, _primary, ways, _load, options) =>
      perform(calls, world.clock, worker, { act: 'start drill', target: 'worker' }, options, () => {
        if (world.drills.get(run)?.isWriting) throw new Fault('step.blocked', { because: 'The writers write already.', isOver: true })
        const ledger = {
          ...{ startedAt: world.clock.now().toISOString(), endedAt: null, elapsedMs: 0, events: [] },
          modes: [{ synchronousCommit: 'on', standbyNames: '' }],
        }
        const drill: MemoryDrill = { ways, ledger, isWriting: true, commits: [] }
        for (const other of world.drills.values()) other.isWriting = false
        if (!write(world, drill)) throw new Fault('sql.timeout', { because: 'No member takes writes.', isOver: true })
        world.drills.set(run, drill)
        return { silent: [] }
      }),
    stop: async (run) => stop(run),
    remove: (address, runs, options) =>
      act(address, 'remove drill', options, (instance) => {
        const { systemIdentifier } = writable(instance)
        for (const run of runs) {
          stop(run)
          world.drills.delete(run)
        }
        world.drillDatabases.delete(systemIdentifier)
      }),
    kill: (address, { pid, started }, signal, options) => {
      const host = hostAt(world, address)
      return perform(calls, world.clock, host, { act: `kill -${signal} ${pid}`, target: address.hostname }, options, () => {
        kill(world, host, { pid, started }, signal)
        flow(world)
      })
    },
    revive: (address, program, dataDirectory, _argv, options) => {
      const host = hostAt(world, address)
      return perform(calls, world.clock, host, { act: `start ${program}`, target: address.hostname }, options, () => {
        revive(world, host, program, dataDirectory)
        flow(world)
      })
    },
  }
}

const kill = (world: World, host: MemoryHost, { pid, started }: Pick<DrillProcess, 'pid' | 'started'>, signal: 'TERM' | 'KILL'): void => {
  const etcd = etcdOf(world, host)
  if (pid === etcdPid && etcd !== undefined) {
    setEtcd(world, host, false)
    return
  }
  if (pid === patroniPid) {
    killPatroni(world, host, signal)
    return
  }
  const instance = [...world.instances.values()].find((one) => one.host === host && one.pid === pid && one.startedAt === started)
  if (instance === undefined || instance.state !== 'running') return
  Object.assign(instance, { state: 'crashed', ranAsStandby: instance.hasStandbySignal, clients: 0, activeTransactions: 0, sessions: [] })
  instance.applied.push('killed')
  // Patroni starts again what it finds dead.
  if (host.managers.some(({ state, isPaused }) => state === 'running' && isPaused !== true))
    Object.assign(instance, { state: 'running', pid: instance.pid + 1_000, startedAt: world.clock.stamp() })
}

const setEtcd = (world: World, { server }: MemoryHost, isUp: boolean): void => {
  for (const [cluster, seen] of world.etcd)
    world.etcd.set(cluster, { ...seen, members: seen.members.map((one) => (one.name === server.title ? { ...one, isUp } : one)) })
}

const setPatroni = (host: MemoryHost, state: 'running' | 'stopped'): void => {
  host.managers = host.managers.map((one) => (one.kind === 'patroni' ? { ...one, state } : one))
}

/** Killed, its server goes on. Asked to end, it shuts its server down, and whoever has most leads. */
const killPatroni = (world: World, host: MemoryHost, signal: 'TERM' | 'KILL'): void => {
  const own = host.managers.find((one) => one.kind === 'patroni' && one.state === 'running')
  if (own === undefined) return
  setPatroni(host, 'stopped')
  if (signal === 'KILL') return
  const seats = seatsOf(world, own.cluster)
  const server = seats.get(own.member ?? '')
  if (server === undefined || server.state !== 'running') return
  const best = mostOf([...seats].filter(([, one]) => one !== server))
  if (!server.hasStandbySignal && best !== undefined) {
    handOver(world, server, best[1])
    for (const one of world.hosts.values())
      one.managers = one.managers.map((found) => (found.cluster === own.cluster ? { ...found, members: ledBy(found, best[0]) } : found))
  } else writeShutdown(world, server)
  Object.assign(server, { state: 'stopped' })
}

const revive = (world: World, host: MemoryHost, program: DrillProgram, dataDirectory: string): void => {
  if (program === 'etcd') setEtcd(world, host, true)
  if (program !== 'patroni') return
  setPatroni(host, 'running')
  const own = host.managers.find((one) => one.dataDirectory === dataDirectory)
  const instance = instanceOn(world, host, dataDirectory)
  if (own === undefined || instance === undefined || instance.state === 'running') return
  const leader = own.members.find(({ role }) => role === 'leader')?.name
  const leading = leader === undefined ? undefined : seatsOf(world, own.cluster).get(leader)
  if (leading !== undefined && leading !== instance) followTo(instance, leading)
  Object.assign(instance, { state: 'running', pid: instance.pid + 1_000, startedAt: world.clock.stamp() })
}

/** Members are asked on their own hosts; a proxy leads to whoever takes writes. */
const reachedBy = (world: World, ways: readonly DrillWay[]): MemoryInstance | undefined => {
  const endpoints = ways.flatMap((way) => way.endpoints)
  return [...world.instances.values()].find(
    (one) =>
      serves(one) &&
      one.host.power === 'on' &&
      !one.hasStandbySignal &&
      endpoints.some(({ host, port }) => host.hostname === one.host.server.address.hostname && port === one.inventory.address.port),
  )
}

/** False: nobody takes writes. They end by themselves where their table is gone. */
const write = (world: World, drill: MemoryDrill): boolean => {
  const primary = reachedBy(world, drill.ways)
  if (primary === undefined) return false
  if (!world.drillDatabases.has(primary.systemIdentifier)) {
    drill.isWriting = false
    return false
  }
  writeRows(world, primary, drill)
  return true
}
