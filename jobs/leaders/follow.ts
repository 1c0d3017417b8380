import type { FollowedHerd } from '@/db/fleet/leaders'
import { lockedHerds } from '@/db/fleet/poolers'
import { inPgTransaction } from '@/db/pg/transaction'
import { startableJobs } from '@/db/runs/claims'
import { systemActor } from '@/lib/kernel/access/access'
import { sleep } from '@/lib/kernel/ground/sleep'
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
/** The promoted server may not take connections yet. */
const tries = 5
const againMs = 500
const operation = 'follow-leader'

/** Has poolers and names follow, by an ordinary run whose journal is the report; nothing where a job of ours works on the herd, which moved it. */
export const follow = async (
  { ports, waker, log }: Follower,
  { herd, memberId, from, heardAt }: Heard,
  signal: AbortSignal,
): Promise<void> => {
  const title = herd.members.find(({ id }) => id === memberId)!.title
  if ((await lockedHerds([herd.id])).has(herd.id)) {
    log.info({ herd: herd.name, primary: title }, 'the primary moved, and a job works on the herd')
    return
  }
  log.warn({ herd: herd.name, primary: title, from }, 'the primary moved, and nobody here ordered it')
  await bringAtOnce({ ports, log }, { herdId: herd.id, primaryId: memberId }, signal)
  const question = { operation, targets: [herd.id], input: { from, heardAt: heardAt.toISOString() } }
  let because = ''
  for (let time = 0; time < tries; time++) {
    const planId = await keepQuestion(systemActor, question, null)
    await waker.wakePlan(planId)
    const row = await waitForPlan(systemActor, planId, { timeoutMs: planTimeoutMs })
    const { plan } = row
    if (plan && plan.eligible > 0) {
      const runId = await inPgTransaction((client, tx) =>
        startRun(client, tx, systemActor, {
          ...{ row, plan, ticket: '', approvedBy: null },
          reason: `${title} was promoted, and nobody here ordered it.`,
          idempotencyKey: `${operation}:${herd.id}:${heardAt.getTime()}`,
        }),
      )
      await waker.wakeJobs(await startableJobs([runId]))
      return
    }
    because = plan?.targets[0]?.reason ?? row.because ?? 'no plan'
    await sleep(againMs, signal)
  }
  log.warn({ herd: herd.name, because }, 'poolers and names could not be brought to the new primary by a run; the observers go on')
}

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
