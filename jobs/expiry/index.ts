import { beginExpiry, claimExpired, type Expired, nameExpiryRun, refuseExpiry } from '@/db/blueprints/expiry'
import { absentActor } from '@/db/people/actors'
import { inPgTransaction } from '@/db/pg/transaction'
import { startableJobs } from '@/db/runs/claims'
import { utcMinute } from '@/lib/domain/values/iso'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Log } from '../queue/log'
import { repeat } from '../queue/schedule'
import type { Waker } from '../queue/waker'
import { keepQuestion, knownOperation, waitForPlan } from '../requests/ask-plan'
import { mustRunIn } from '../requests/permission'
import { hitEnvironments, startRun } from '../requests/start-run'
import { mustBeTime } from '../requests/submit'

export interface Expiring {
  waker: Pick<Waker, 'wakePlan' | 'wakeJobs'>
  log: Log
}

const usualEveryMs = 5_000
const planTimeoutMs = 60_000

/** Tears down every launched herd whose time is over, as the person who set that. Throws `database.down`. */
export const tearDownExpired = async (expiring: Expiring): Promise<void> => {
  for (const expired of await claimExpired()) await tryToTearDown(expiring, expired)
}

const tryToTearDown = async (expiring: Expiring, expired: Expired): Promise<void> => {
  try {
    await submit(expiring, expired)
  } catch (error) {
    if (isFault(error, 'database.down')) throw error
    if (!isFault(error)) expiring.log.error({ blueprintId: expired.id, err: error }, 'a herd whose time is over could not be torn down')
    await refuseExpiry(expired, isFault(error) ? error.message : 'A bug in Matriarch stopped it; see the worker’s log.')
  }
}

/** The plan of that moment, as an ordinary run: a worker that dies before it is written has submitted nothing. Throws what a submission throws. */
const submit = async ({ waker, log }: Expiring, expired: Expired): Promise<void> => {
  const actor = expired.personId === null ? null : await absentActor(expired.personId, expired.tokenId)
  if (actor === null)
    throw new Fault('access.denied', {
      because: 'Who set the expiry may no longer sign in, or the token it was set with was revoked. Somebody who may has to set it again.',
    })
  const planId = await keepQuestion(actor, { operation: 'tear-down', targets: [expired.id], input: {} }, null)
  await waker.wakePlan(planId)
  const row = await waitForPlan(actor, planId, { timeoutMs: planTimeoutMs })
  const { plan } = row
  if (!plan || plan.eligible === 0)
    throw new Fault('plan.refused', { because: plan?.targets[0]?.reason ?? row.because ?? 'No plan could be made.' })
  const reason = `It expired at ${utcMinute(expired.expiresAt)}.`
  mustRunIn(actor, knownOperation(plan.operation), plan.input, hitEnvironments(plan))
  const guarded = plan.environments.find(({ protection }) => protection !== 'open')
  if (guarded !== undefined)
    throw new Fault('plan.approval', {
      because: `${guarded.name} is protected: a person confirms there what is deleted, and an expiry is nobody. Tear it down by hand, or prolong it.`,
    })
  mustBeTime(actor, plan, { reason }, new Date())
  const runId = await inPgTransaction(async (client, tx) => {
    if (!(await beginExpiry(client, expired))) return null
    const id = await startRun(client, tx, actor, {
      ...{ row, plan, reason, ticket: '', approvedBy: null },
      idempotencyKey: `expiry:${expired.id}:${planId}`,
    })
    await nameExpiryRun(client, expired, id)
    return id
  })
  if (runId === null) return
  log.info({ blueprint: expired.name, runId }, 'a launched herd has expired and is torn down')
  await waker.wakeJobs(await startableJobs([runId]))
}

/** Any number of workers may; each herd is torn down by one of them. */
export const startExpiry = ({ everyMs = usualEveryMs, ...expiring }: Expiring & { everyMs?: number }): { stop: () => Promise<void> } =>
  repeat([{ name: 'expired herds', everyMs, work: () => tearDownExpired(expiring) }], expiring.log)
