import { claimLeader, type FollowedHerd, hasJustWorked } from '@/db/fleet/leaders'
import { lockedHerds } from '@/db/fleet/poolers'
import { getPool } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { startableJobs } from '@/db/runs/claims'
import { systemActor } from '@/lib/kernel/access/access'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { PlanTarget } from '@/lib/kernel/operation/plan'
import type { ActPorts } from '@/lib/ports'
import { bringPoolers } from '../observer/observe-poolers'
import type { Log } from '../queue/log'
import type { Waker } from '../queue/waker'
import { keepQuestion, waitForPlan } from '../requests/ask-plan'
import { startRun } from '../requests/start-run'

export interface Follower {
  ports: ActPorts
  waker: Pick<Waker, 'wakePlan' | 'wakeJobs'>
  holder: string
  log: Log
}

interface Heard {
  herd: FollowedHerd
  /** Who was promoted. */
  memberId: string
  /** Title of who was primary before; empty: not known. */
  from: string
  heardAt: Date
}

const planTimeoutMs = 20_000
const probeTimeoutMs = 5_000
/** The promoted server may not take connections yet. */
const tries = 5
const againMs = 500
const operation = 'follow-leader'

/**
 * Has poolers and names follow, by an ordinary run whose journal is the report; nothing where a job of ours has moved the primary, and all that follows it.
 * True: it is followed, by this worker or by another one. False: not yet; whoever hears of it asks again.
 */
export const follow = async (
  { ports, waker, log }: Follower,
  { herd, memberId, from, heardAt }: Heard,
  signal: AbortSignal,
): Promise<boolean> => {
  // What the job does next is its own matter; when it has ended the poolers and names are looked at.
  if ((await lockedHerds([herd.id])).has(herd.id)) return false
  const title = herd.members.find(({ id }) => id === memberId)!.title
  // What was heard may be old by now: this worker may have stood still.
  if (!(await takesWrites(ports, memberId, signal))) return false
  await bringAtOnce({ ports, log }, { herdId: herd.id, primaryId: memberId }, signal)
  const question = { operation, targets: [herd.id], input: { from, heardAt: heardAt.toISOString() } }
  let because = ''
  for (let time = 0; time < tries; time++) {
    const planId = await keepQuestion(systemActor, question, null)
    await waker.wakePlan(planId)
    const row = await waitForPlan(systemActor, planId, { timeoutMs: planTimeoutMs })
    const { plan } = row
    if (plan && plan.eligible > 0) {
      if (isAllThere(plan.targets[0]!) && (await hasJustWorked(herd.id))) {
        await claimLeader(getPool(), herd.id, memberId)
        return true
      }
      log.warn({ herd: herd.name, primary: title, from }, 'the primary moved, and nobody here ordered it')
      const runId = await inPgTransaction(async (client, tx) => {
        if (!(await claimLeader(client, herd.id, memberId))) return null
        return startRun(client, tx, systemActor, {
          ...{ row, plan, ticket: '', approvedBy: null },
          reason: `${title} was promoted, and nobody here ordered it.`,
          idempotencyKey: `${operation}:${herd.id}:${heardAt.getTime()}`,
        })
      })
      if (runId !== null) await waker.wakeJobs(await startableJobs([runId]))
      return true
    }
    because = plan?.targets[0]?.reason ?? row.because ?? 'no plan'
    await sleep(againMs, signal)
  }
  log.warn({ herd: herd.name, because }, 'poolers and names could not be brought to the new primary by a run yet; it is tried again')
  return false
}

const takesWrites = async ({ read }: ActPorts, memberId: string, signal: AbortSignal): Promise<boolean> => {
  const { address } = await read.inventory.instance(memberId)
  for (let time = 0; time < tries; time++) {
    const { state, role } = await read.postgres.probe(address, { timeoutMs: probeTimeoutMs, signal })
    if (state === 'online' && role === 'primary') return true
    await sleep(poolerAgainMs, signal)
  }
  return false
}

/** Nothing but its report is left to do. */
const isAllThere = ({ effects }: PlanTarget): boolean => effects.every(({ name, state }) => name === 'report' || state !== 'will-run')

const poolerTries = 8
const poolerAgainMs = 150

/** Before anything is planned: clients wait. The observers do the same some seconds later where this fails. */
const bringAtOnce = async (
  { ports, log }: Pick<Follower, 'ports' | 'log'>,
  to: { herdId: string; primaryId: string },
  signal: AbortSignal,
) => {
  for (let time = 0; time < poolerTries; time++) {
    if (await bringPoolers(ports, to, log, signal)) return
    await sleep(poolerAgainMs, signal)
  }
}
