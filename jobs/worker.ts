import { closeDb, listen } from '@/db/pg/client'
import { loginFault } from '@/db/pg/own-login'
import { publishSealingKey } from '@/db/records/sealing-key'
import { mustBeSound } from '@/db/records/selfcheck'
import { serveCarrier } from '@/lib/adapters/copies/carrier-process'
import { EnvironmentFault, env, startEnv } from '@/lib/env'
import { isFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import { operationByName } from '@/lib/operations'
import { startWorker } from './driver/start-worker'
import { startEvictions } from './evictions'
import { startExpiry } from './expiry'
import { startLeaderWatch } from './leaders'
import { startMessenger } from './messenger'
import { startCertifying } from './observer/certify'
import { startFence } from './observer/fence-returned'
import { startHostChecks } from './observer/host-checks'
import { startSampleKeeper } from './observer/keep-samples'
import { startLiveLooks } from './observer/live-looks'
import { startObserver } from './observer/observe'
import { startEtcdObserver } from './observer/observe-etcd'
import { startMachineObserver } from './observer/observe-machines'
import { startNameObserver } from './observer/observe-names'
import { startPoolerObserver } from './observer/observe-poolers'
import { startPriceObserver } from './observer/observe-prices'
import { makeFactSink, withFacts } from './observer/observe-sink'
import { startStackObserver } from './observer/observe-stacks'
import { startAuditWatch } from './observer/watch-audit'
import { makeActPorts } from './ports'
import { queuePlace } from './queue/location'
import { repeat } from './queue/schedule'
import { startSizing } from './sizing'

/** Changes after which a key may have to be made. */
const needingKeys: ReadonlySet<string> = new Set(['', 'environment'])

/** The database may be away when a worker starts. */
const publishEveryMs = 60_000

/** For a look at the sessions of a member that a sizing rule asks about. */
const sessionsTimeoutMs = 10_000

/** As its only argument: the process carries what a worker's copies move between hosts, and nothing else. */
const carrierWord = 'carry'

/** A worker process. SIGTERM or SIGINT: it takes nothing new and brings its jobs to a safe point; a second one ends it at once. */
const main = async (): Promise<void> => {
  startEnv('worker')
  mustBeSound()
  const log = logger()
  void loginFault('worker').then((fault) => fault && log.warn(fault))
  const world = makeActPorts([process.execPath, ...process.execArgv, process.argv[1]!, carrierWord])
  const sink = makeFactSink(log)
  const ports = withFacts(world.ports, sink)
  const { inventory, postgres } = world.ports.read
  const worker = await startWorker({
    place: queuePlace(),
    ports,
    operationByName,
    log,
    slots: env().WORKER_CONCURRENCY,
    resultDays: env().RESULT_DAYS,
  })
  const observer = env().OBSERVER
    ? await startObserver({
        inventory,
        probe: postgres.probe,
        databaseBytes: postgres.databaseBytes,
        counters: postgres.counters,
        serverSettings: ports.read.serverSettings,
        statements: ports.read.statements,
        health: ports.read.health,
        hostFacts: world.hosts.facts,
        sink,
        log,
        holder: worker.holder,
      })
    : null
  const nameObserver = env().OBSERVER ? startNameObserver({ names: world.ports.read.names, log, holder: worker.holder }) : null
  const machineObserver = env().OBSERVER
    ? startMachineObserver({ machines: world.machines, rds: world.rds, accountOf: world.cloudAccountOf, log, holder: worker.holder })
    : null
  const priceObserver = env().OBSERVER
    ? startPriceObserver({
        prices: world.prices,
        feedsAt: world.feedsAt,
        accountOf: world.cloudAccountOf,
        log,
        holder: worker.holder,
      })
    : null
  const poolerObserver = observer ? startPoolerObserver({ ports, place: observer.place, log }) : null
  const etcdObserver = env().OBSERVER ? startEtcdObserver({ ports: ports.read, holder: worker.holder, log }) : null
  const stackObserver = env().OBSERVER ? startStackObserver({ ports: ports.read, holder: worker.holder, log }) : null
  const leaderWatch = env().OBSERVER ? await startLeaderWatch({ ports, waker: worker.waker, holder: worker.holder, log }) : null
  const sampleKeeper = startSampleKeeper({
    minuteDays: env().SAMPLE_DAYS,
    coarseDays: env().SAMPLE_COARSE_DAYS,
    holder: worker.holder,
    log,
  })
  const fence = env().OBSERVER ? startFence({ ports, holder: worker.holder, log }) : null
  const liveLooks = env().OBSERVER
    ? await startLiveLooks({
        inventory,
        activity: ports.read.activity,
        serverLog: ports.read.serverLog,
        serverSettings: ports.read.serverSettings,
        statements: ports.read.statements,
        health: ports.read.health,
        log,
      })
    : null
  const hostChecks = await startHostChecks({ hosts: world.ports.read.hosts, log })
  const sizing = startSizing({
    waker: worker.waker,
    log,
    sessionsOf: async (id) => ports.read.activity.look((await inventory.instance(id)).address, { timeoutMs: sessionsTimeoutMs }),
  })
  const evictions = await startEvictions({ waker: worker.waker, log })
  const expiry = startExpiry({ waker: worker.waker, log })
  const certifying = startCertifying({ keys: world.certificateKeys, log })
  const messenger = startMessenger({ messages: world.messages, destinationOf: world.destinationOf, consoleUrl: env().MATRIARCH_URL, log })
  const auditWatch = startAuditWatch({ ...world.checkpoints, keys: world.certificateKeys, holder: worker.holder, log })
  const publishing = repeat(
    [
      { name: 'sealing key', everyMs: publishEveryMs, work: () => publishSealingKey(world.sealingKey) },
      { name: 'SSH keys', everyMs: publishEveryMs, work: world.ensureKeys },
    ],
    log,
  )
  // An environment that is made now shows its key now: somebody is about to put it on the hosts.
  const unlisten = await listen('records', (name) => {
    if (needingKeys.has(name)) world.ensureKeys().catch((err: unknown) => log.warn({ err }, 'an SSH key could not be made'))
  })
  log.info({ worker: worker.id, queue: env().REDIS_URL ? 'redis' : 'postgresql' }, 'worker started')

  let isStopping = false
  const stop = async (signal: string) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ signal, jobs: worker.driver.active }, 'worker stops')
    unlisten()
    await Promise.all([sizing.stop(), evictions.stop(), expiry.stop()])
    await Promise.all([
      worker.stop(),
      observer?.stop(),
      nameObserver?.stop(),
      machineObserver?.stop(),
      priceObserver?.stop(),
      poolerObserver?.stop(),
      etcdObserver?.stop(),
      stackObserver?.stop(),
      leaderWatch?.stop(),
      fence?.stop(),
      liveLooks?.stop(),
      hostChecks.stop(),
      sampleKeeper.stop(),
      certifying.stop(),
      publishing.stop(),
      messenger.stop(),
      auditWatch.stop(),
    ])
    await sink.close()
    await world.close()
    await closeDb()
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  // A promise that nobody waited for says nothing about the jobs of this process, and they must not be lost over it.
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'))
}

if (process.argv[2] === carrierWord) serveCarrier()
else
  main().catch((error: unknown) => {
    const isExpected = error instanceof EnvironmentFault || isFault(error)
    console.error(isExpected ? (error as Error).message : error)
    process.exit(1)
  })
