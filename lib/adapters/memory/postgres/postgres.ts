import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InstanceAddress, PostgresAct, PostgresRead, StopMode } from '@/lib/ports'
import { type Calls, hang, reach } from '../world/calls'
import { applyFollowing, dropFrozen, writeShutdown } from '../world/wal'
import { type MemoryInstance, postmasterOnly, type World } from '../world/world'
import { actingOn, find } from './instances'
import { forgetTakenOut, limitProblem, watchLimits } from './parameters'
import { isHeldUp, isServing, pendingRestart, probeOf, unseenProbe } from './probe'
import { whyNoReader } from './readers'
import { heldUp } from './takeover'

const startTimeoutMs = 5_000

export const memoryPostgresRead = (world: World): PostgresRead => {
  const serving = async (address: InstanceAddress, options: CallOptions): Promise<MemoryInstance> => {
    const instance = find(world, address)
    await reach(world.clock, instance.host, options)
    if (!isServing(instance) || instance.refusesLogin)
      throw new Fault('sql.unreachable', {
        because: `PostgreSQL on ${address.host.hostname}:${address.port} does not accept the connection.`,
        isOver: true,
      })
    return instance
  }
  return {
    probe: async (address, options) => {
      const instance = find(world, address)
      try {
        await reach(world.clock, instance.host, options)
      } catch (error) {
        if (isFault(error, 'shell.denied')) return unseenProbe(world, 'unknown', error.message)
        if (isFault(error)) return unseenProbe(world, 'unreachable', error.message)
        throw error
      }
      return probeOf(world, instance)
    },
    fileSettings: async (address, options) => [...(await serving(address, options)).fileProblems],
    settings: async (address, options) => {
      const instance = await serving(address, options)
      return {
        confLoadedAt: instance.confLoadedAt,
        serverTime: world.clock.stamp(),
        values: { ...instance.active },
        pendingRestart: pendingRestart(instance),
      }
    },
    transactionFate: async (address, xid, options) => (await serving(address, options)).transactions.get(xid) ?? 'unknown',
    databaseBytes: async (address, options) => (await serving(address, options)).databaseBytes,
    counters: async (address, options) => {
      const instance = await serving(address, options)
      return {
        epoch: instance.confLoadedAt,
        at: Date.parse(world.clock.stamp()) / 1000,
        ...{ active: instance.activeTransactions, idle: instance.clients - instance.activeTransactions, idleInTransaction: 0, waiting: 0 },
        oldestTransaction: null,
        ...{ commits: instance.transactions.size, rollbacks: 0, blocksRead: 0, blocksHit: 0, tempBytes: 0, checkpoints: 0 },
        walBytes: null,
      }
    },
    query: async (address, sql, options) => {
      const instance = await serving(address, { timeoutMs: options.statementTimeoutMs, signal: options.signal })
      const refusal = options.as === undefined ? null : whyNoReader(world, instance)
      if (refusal !== null) throw new Fault('sql.unreachable', { because: refusal, isOver: true })
      return cut(world.sql(instance, sql, false), options.rowsMax)
    },
    commands: {
      start: (address) => [`pg_ctlcluster ${cluster(address)} start`],
      stop: (address, mode) => [`pg_ctlcluster ${cluster(address)} stop -m ${mode}`],
      restart: (address, mode) => [`pg_ctlcluster ${cluster(address)} stop -m ${mode}`, `pg_ctlcluster ${cluster(address)} start`],
      reload: () => ['select pg_reload_conf()'],
    },
  }
}

export const memoryPostgresAct = (world: World, calls: Calls): PostgresAct => {
  const act = actingOn(world, calls)
  return {
    start: (address, options) => act(address, 'start', options, (instance) => startServer(world, instance)),
    stop: (address, mode, options) => act(address, `stop ${mode}`, options, (instance) => stopServer(world, instance, mode, options)),
    reload: (address, options) =>
      act(address, 'reload', options, (instance) => {
        mustServe(instance, 'reload')
        instance.applied.push('reload')
        if (instance.fileProblems.length > 0) return
        for (const [name, value] of Object.entries({ ...instance.files, ...instance.altered }))
          if (!postmasterOnly.has(name)) instance.active[name] = value
        forgetTakenOut(instance)
        instance.confLoadedAt = world.clock.stamp()
        instance.activeReaderLines = instance.readerLines
        if (instance.hasStandbySignal) applyFollowing(world, instance)
      }),
    checkpoint: (address, options) =>
      act(address, 'checkpoint', options, (instance) => {
        mustServe(instance, 'checkpoint')
        instance.applied.push('checkpoint')
      }),
    execute: (address, sql, options) =>
      act(address, 'execute', { timeoutMs: options.statementTimeoutMs, signal: options.signal }, async (instance) => {
        mustServe(instance, 'execute')
        if (instance.hasStandbySignal) throw new Fault('sql.failed', { because: 'cannot execute it in a read-only transaction' })
        const xid = String(700 + instance.transactions.size)
        instance.transactions.set(xid, 'in-progress')
        // A session whose client is gone is ended by the server (idle_in_transaction_session_timeout).
        void world.clock.sleep(options.statementTimeoutMs).then(() => {
          if (instance.transactions.get(xid) === 'in-progress') instance.transactions.set(xid, 'aborted')
        })
        try {
          await options.onTransaction(xid)
          if (instance.transactions.get(xid) !== 'in-progress') throw new Fault('sql.failed', { because: 'the session was terminated' })
          const grid = cut(world.sql(instance, sql, true), options.rowsMax)
          instance.transactions.set(xid, 'committed')
          instance.applied.push(`execute ${sql}`)
          if (isHeldUp(world, instance, sql)) {
            await world.clock.sleep(options.statementTimeoutMs, options.signal)
            throw new Fault('sql.timeout', { because: 'COMMIT was not answered in time.' })
          }
          return grid
        } catch (error) {
          if (instance.transactions.get(xid) === 'in-progress') instance.transactions.set(xid, 'aborted')
          throw error
        }
      }),
  }
}

const cluster = (address: InstanceAddress) => `${address.major ?? '15'} ${address.clusterName}`

const cut = <T extends { rows: unknown[]; isCut: boolean }>(grid: T, rowsMax: number): T =>
  grid.rows.length > rowsMax ? { ...grid, rows: grid.rows.slice(0, rowsMax), isCut: true } : grid

const mustServe = (instance: MemoryInstance, act: string) => {
  if (isServing(instance) && !instance.refusesLogin) return
  throw new Fault('sql.unreachable', {
    because: `${instance.inventory.title} does not accept connections, so it cannot ${act}.`,
    isOver: true,
  })
}

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })

const startServer = (world: World, instance: MemoryInstance) => {
  if (instance.state === 'absent') throw failed('the data directory does not exist')
  if (instance.state !== 'stopped' && instance.state !== 'crashed') throw failed('another server might be running; it is already running')
  if (instance.startProblem !== null) throw failed(instance.startProblem)
  if (instance.inPlaceKey !== null) throw failed('invalid data in file "backup_label"')
  if (instance.isRewinding) {
    world.violations.push(`${instance.inventory.title} was started half rewound`)
    throw failed('invalid data in file "backup_label"')
  }
  const problem = limitProblem(world, instance)
  if (problem !== null) throw failed(problem)
  instance.applied.push('start')
  instance.active = { ...instance.files, ...instance.altered }
  instance.activeReaderLines = instance.readerLines
  instance.state = 'running'
  instance.receiver = 'reads'
  dropFrozen(world, instance)
  instance.pid += 1000
  if (instance.hasStandbySignal) applyFollowing(world, instance)
  instance.startedAt = world.clock.stamp()
  instance.confLoadedAt = instance.startedAt
  instance.clients = 0
  instance.activeTransactions = 0
  instance.sessions = []
  watchLimits(world, instance)
}

const stopServer = async (world: World, instance: MemoryInstance, mode: StopMode, options: CallOptions) => {
  if (instance.state !== 'running' && instance.state !== 'starting' && instance.state !== 'stopping') throw failed('no server running')
  instance.applied.push(`stop ${mode}`)
  if (mode === 'smart' && instance.clients > 0) {
    instance.state = 'stopping'
    await hang(
      world.clock,
      options.signal,
      Math.min(options.timeoutMs, startTimeoutMs),
      true,
      'the server does not shut down: clients are connected',
    )
  }
  instance.ranAsStandby = instance.hasStandbySignal
  if (mode !== 'immediate') {
    await heldUp(world, instance, options)
    writeShutdown(world, instance)
  }
  instance.state = mode === 'immediate' ? 'crashed' : 'stopped'
  instance.clients = 0
  instance.activeTransactions = 0
  instance.sessions = []
}
