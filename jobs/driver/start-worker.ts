import { hostname } from 'node:os'
import { listen } from '@/db/pg/client'
import { forgetWorker, registerWorker } from '@/db/runs/workers'
import { tidy } from '@/db/tidy'
import { systemClock } from '@/lib/kernel/ground/clock'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'
import { hear, openWaker, type QueuePlace, type Waker } from '../queue/waker'
import { Driver } from './drive-job'
import { makePlan } from './make-plan'
import { startDue } from './start-scheduled'
import { sweep } from './sweep'

export interface WorkerOptions {
  place: QueuePlace
  ports: ActPorts
  operationByName: (name: string) => Operation | undefined
  log: Log
  /** Jobs driven at once. */
  slots: number
  /** A job whose worker died goes on elsewhere after this long; longer than any pause of a busy process. Default 15 s. */
  leaseTtlMs?: number
  sweepEveryMs?: number
  /** How long `stop` waits for jobs to come to a safe point. Default 60 s; a job cut off then goes on elsewhere. */
  drainMs?: number
  /** How long rows that statements answered with are kept. Default 30. */
  resultDays?: number
}

export interface WorkerHandle {
  id: string
  /** Host and process, as people read it. */
  holder: string
  driver: Driver
  /** For what else this process has to wake; closed by `stop`. */
  waker: Waker
  /** Takes nothing new, brings every job to its end or to a safe point, and leaves. */
  stop: () => Promise<void>
}

const planSlots = 8
const registerEveryMs = 5_000
const tidyEveryMs = 10 * 60_000

/** A worker inside this process: hears the queue, drives jobs, makes plans, sweeps. Resolves at once, also while the database or the queue is away. */
export const startWorker = async (options: WorkerOptions): Promise<WorkerHandle> => {
  const { place, ports, operationByName, log } = options
  const { leaseTtlMs = 15_000, sweepEveryMs = 3_000, drainMs = 60_000, resultDays = 30 } = options
  const id = crypto.randomUUID()
  const holder = `${hostname()}:${process.pid}`
  const onError = oncePerMinute((error) => log.warn({ err: error }, 'the queue does not answer'))
  const waker = openWaker(place, onError)
  const driver = new Driver({ ports, holder, leaseTtlMs, slots: options.slots, operationByName, waker, clock: systemClock, log })
  const plan = (planId: string) => makePlan({ ports: ports.read, holder, operationByName, log }, planId)

  const hearing = hear(place, { slots: options.slots, planSlots, onJob: (jobId) => driver.take(jobId), onPlan: plan, onError })
  const unlisten = await listen('runs', (runId) => {
    driver.keeper.readCancels(runId || undefined).catch(() => {})
  })
  const startedAt = new Date()
  const register = () => registerWorker({ id, host: hostname(), pid: process.pid, startedAt, jobs: driver.active })
  const sweepOnce = async () => {
    const found = await sweep()
    driver.takeSome(found.jobs, found.workers)
    for (const planId of found.plans) if (!(await waker.wakePlan(planId))) await plan(planId)
  }
  const repeated = repeat(
    [
      { name: 'register', everyMs: registerEveryMs, work: register },
      { name: 'sweep', everyMs: sweepEveryMs, work: sweepOnce },
      { name: 'scheduled', everyMs: sweepEveryMs, work: () => startDue({ holder, waker, makePlan: plan, log }) },
      { name: 'tidy', everyMs: tidyEveryMs, work: () => tidy({ resultDays }) },
    ],
    log,
  )
  const heart = repeat([{ name: 'heartbeat', everyMs: leaseTtlMs / 4, work: () => driver.keeper.beat() }], log)

  const stop = async () => {
    unlisten()
    await Promise.all([hearing.close(), repeated.stop()])
    await driver.drain(drainMs)
    await heart.stop()
    await waker.close()
    await forgetWorker(id).catch(() => {})
  }
  return { id, holder, driver, waker, stop }
}

const oncePerMinute = (tell: (error: Error) => void): ((error: Error) => void) => {
  let quietUntil = 0
  return (error) => {
    if (Date.now() < quietUntil) return
    quietUntil = Date.now() + 60_000
    tell(error)
  }
}
