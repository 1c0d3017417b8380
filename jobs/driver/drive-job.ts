import { setMaxListeners } from 'node:events'
import { type Claim, claimJobs, releaseJobs, runsOfJobs } from '@/db/runs/claims'
import { type Append, readLines, readLinesOf } from '@/db/runs/journal'
import { drive } from '@/lib/kernel/engine/engine'
import { makeBatch } from '@/lib/kernel/ground/batch'
import type { Clock } from '@/lib/kernel/ground/clock'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { JournalLine } from '@/lib/kernel/ground/journal'
import type { JournalPort } from '@/lib/kernel/ground/journal-port'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { ActPorts } from '@/lib/ports'
import type { Log } from '../queue/log'
import type { Waker } from '../queue/waker'
import { appendEach } from './append-each'
import { Keeper, type Kept } from './lease-keeper'
import { persist } from './write-until-up'

export interface DriverOptions {
  ports: ActPorts
  /** Host and process, as people read it beside a job. */
  holder: string
  leaseTtlMs: number
  /** Jobs driven at once; what comes above is left to others and to the sweep. */
  slots: number
  operationByName: (name: string) => Operation | undefined
  waker: Waker
  clock: Clock
  log: Log
}

/** Drives the jobs of one process. */
export class Driver {
  readonly keeper: Keeper
  readonly #options: DriverOptions
  readonly #stop = new AbortController()
  readonly #active = new Map<string, Promise<void>>()
  #isDraining = false

  readonly #claim = makeBatch<string, Claim | null>((jobIds) => this.#claimAll(jobIds), { max: 200 })
  readonly #lines = makeBatch<string, JournalLine[]>((jobIds) => readLinesOf(jobIds), { max: 200 })
  readonly #append = makeBatch<Append, Fault | null>((appends) => appendEach(appends), { max: 200 })
  readonly #release = makeBatch<Claim, readonly string[]>((items) => releaseEach(items), { max: 200 })

  constructor(options: DriverOptions) {
    this.#options = options
    setMaxListeners(0, this.#stop.signal)
    this.keeper = new Keeper(options.leaseTtlMs)
  }

  get active(): number {
    return this.#active.size
  }

  get freeSlots(): number {
    return this.#isDraining ? 0 : Math.max(0, this.#options.slots - this.#active.size)
  }

  /** Takes the job if it may start now and nobody holds it, and drives it as far as it goes. Never throws; a job that is not taken stays as it is. */
  take(jobId: string): Promise<void> {
    const driven = this.#active.get(jobId)
    if (driven || this.freeSlots === 0) return driven ?? Promise.resolve()
    const work = this.#takeAndDrive(jobId)
      .catch((error: unknown) => this.#options.log.warn({ jobId, err: error }, 'a job was left'))
      .finally(() => this.#active.delete(jobId))
    this.#active.set(jobId, work)
    return work
  }

  /** Hands every job over at its next safe point; after `graceMs` stops at once, and the jobs go on elsewhere when their leases end. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true
    const timer = setTimeout(() => this.#stop.abort(new Fault('lease.lost', { because: 'The worker stops.' })), graceMs)
    await Promise.all(this.#active.values())
    clearTimeout(timer)
  }

  async #takeAndDrive(jobId: string): Promise<void> {
    const claim = await this.#claim(jobId)
    if (claim === null) return
    const kept: Kept = {
      runId: claim.runId,
      token: claim.token,
      leases: claim.leases,
      cancelRequestedBy: claim.cancelRequestedBy,
      deadlineAt: claim.deadlineAt === null ? null : Date.parse(claim.deadlineAt),
      lost: new AbortController(),
    }
    const forget = this.keeper.keep(kept)
    try {
      await this.#drive(claim, kept)
    } catch (error) {
      if (!isFault(error, 'lease.lost')) await this.#ask(claim, kept, error)
    } finally {
      forget()
    }
    await this.#leave(claim)
  }

  async #drive(claim: Claim, kept: Kept): Promise<void> {
    const { options, signal } = { options: this.#options, signal: AbortSignal.any([kept.lost.signal, this.#stop.signal]) }
    const operation = options.operationByName(claim.operation)
    if (!operation) throw new Fault('internal.bug', { because: `This worker does not know the operation ${claim.operation}.` })
    const isPastDeadline = () => kept.deadlineAt !== null && options.clock.now().getTime() >= kept.deadlineAt
    const state = await drive(
      operation,
      { id: claim.jobId, targetId: claim.targetId, input: claim.input, digest: claim.digest },
      this.#journalOf(claim, kept, signal),
      options.ports,
      {
        driver: options.holder,
        signal,
        isCancelRequested: () => kept.cancelRequestedBy !== null || isPastDeadline(),
        cancelRequestedBy: () => kept.cancelRequestedBy ?? 'the deadline of the run',
        shouldHandOver: () => this.#isDraining,
        clock: options.clock,
      },
    )
    options.log.info({ jobId: claim.jobId, runId: claim.runId, operation: claim.operation, target: claim.title, state }, 'job')
  }

  #journalOf(claim: Claim, kept: Kept, signal: AbortSignal): JournalPort {
    const wait = (error: unknown) =>
      this.#options.log.warn({ jobId: claim.jobId, err: error }, 'the metadata database is away; the job waits')
    return {
      lines: () => persist(() => this.#lines(claim.jobId), signal, wait),
      append: async (entries, firstSeq) => {
        const append: Append = { runId: claim.runId, jobId: claim.jobId, token: claim.token, firstSeq, entries }
        const fault = await persist(() => this.#append(append), signal, wait)
        if (fault) throw fault
      },
      confirmLease: () => persist(() => this.keeper.confirm(kept), signal, wait),
    }
  }

  /** A bug stops this one job, which then needs attention; the next driver would only meet the bug again. */
  async #ask(claim: Claim, kept: Kept, error: unknown): Promise<void> {
    this.#options.log.error({ jobId: claim.jobId, runId: claim.runId, err: error }, 'a bug stopped a job')
    const signal = AbortSignal.any([kept.lost.signal, this.#stop.signal])
    const lines = await persist(() => readLines(claim.jobId), signal)
    const append: Append = {
      runId: claim.runId,
      jobId: claim.jobId,
      token: claim.token,
      firstSeq: (lines.at(-1)?.seq ?? 0) + 1,
      entries: [
        {
          kind: 'attention',
          during: 'step',
          because: error instanceof Fault ? error.message : 'A bug in Matriarch stopped this job. Nothing else is affected.',
          known: [],
          unknown: ['how far the step that ran has come'],
          question:
            'Look at the target and at the worker’s log. Resume checks the open step again; Abandon runs the clean-up and closes the job.',
        },
      ],
    }
    await persist(() => this.#append(append), signal)
  }

  /** Gives the leases back and wakes the jobs that waited for them; also where the worker stops at once, so that nobody waits for them to run out. */
  async #leave(claim: Claim): Promise<void> {
    const next = await persist(() => this.#release(claim), AbortSignal.timeout(this.#options.leaseTtlMs))
    await this.wake(next)
  }

  /** Through the queue, so that every worker gets its share; when the queue is down this process takes what it has room for. */
  async wake(jobIds: readonly string[]): Promise<void> {
    if (jobIds.length === 0 || (await this.#options.waker.wakeJobs(jobIds))) return
    this.takeSome(jobIds, 1)
  }

  /** Takes a fair share of work that nobody does when as many workers find the same at the same time, and no more than there is room for. */
  takeSome(jobIds: readonly string[], workers: number): void {
    const share = Math.min(this.freeSlots, Math.ceil(jobIds.length / Math.max(1, workers)))
    const order = jobIds.map((jobId) => ({ jobId, at: Math.random() })).sort((a, b) => a.at - b.at)
    for (const { jobId } of order.slice(0, share)) void this.take(jobId)
  }

  async #claimAll(jobIds: readonly string[]): Promise<(Claim | null)[]> {
    const driver = { holder: this.#options.holder, ttlMs: this.#options.leaseTtlMs }
    const runs = await runsOfJobs(jobIds)
    const claims = new Map<string, Claim>()
    for (const [runId, ids] of runs)
      try {
        for (const claim of await claimJobs(runId, ids, driver)) claims.set(claim.jobId, claim)
      } catch (error) {
        // What was claimed in another run must be driven; these are found again by the sweep.
        this.#options.log.warn({ runId, err: error }, 'jobs could not be claimed')
      }
    return jobIds.map((jobId) => claims.get(jobId) ?? null)
  }
}

/** All that waited is woken once, by the first of those that left together. */
const releaseEach = async (claims: readonly Claim[]): Promise<(readonly string[])[]> => {
  const next = await releaseJobs(claims)
  return claims.map((_, index) => (index === 0 ? next : []))
}
