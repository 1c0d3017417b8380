import { type Answered, type ClaimedAnswer, claimAnswers, heldByOthers, keepAnswer, nameRun } from '@/db/evictions/answers'
import { type HerdAtRisk, herdAtRisk } from '@/db/evictions/threatened'
import { inPgTransaction } from '@/db/pg/transaction'
import { startableJobs } from '@/db/runs/claims'
import { type Acting, chooseRecovery, type Recovery } from '@/lib/domain/evictions/recovery'
import { systemActor } from '@/lib/kernel/access/access'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { openRunStates } from '@/lib/kernel/ground/journal'
import type { Log } from '../queue/log'
import type { Waker } from '../queue/waker'
import { keepQuestion, waitForPlan } from '../requests/ask-plan'
import { startRun } from '../requests/start-run'
import { questionOf } from './question'

export interface Answerer {
  waker: Pick<Waker, 'wakePlan' | 'wakeJobs'>
  log: Log
}

const planTimeoutMs = 20_000
const soonMs = 700
const safeAgainMs = 2_000
const personAgainMs = 3_000
const failedAgainMs = { first: 1_000, most: 10_000 }

/** Decides for every herd that loses machines and whose turn it is. Throws `database.down`. */
export const answerEvictions = async (answerer: Answerer): Promise<void> => {
  const claimed = await claimAnswers()
  await Promise.all(claimed.map((one) => answerOne(answerer, one)))
}

const answerOne = async (answerer: Answerer, claimed: ClaimedAnswer): Promise<void> => {
  const keep = (answered: Partial<Answered> & Pick<Answered, 'state' | 'because' | 'againMs'>) =>
    inPgTransaction((client) => keepAnswer(client, claimed, { ...soFar(claimed), ...answered }))
  try {
    if (claimed.runState !== null && openRunStates.includes(claimed.runState)) {
      await keep({ state: 'running', because: '', againMs: soonMs })
      return
    }
    const known = afterRun(claimed)
    if (known.failures > claimed.failures) {
      const because = `The run ended as ${claimed.runState}. It is tried again.`
      await keep({ ...known, runId: null, state: 'open', because, againMs: againAfter(known.failures) })
      return
    }
    const herd = await herdAtRisk(claimed.herdId)
    const next: Recovery =
      herd === null ? { way: 'safe', because: 'No machine of the herd is being taken back.' } : chooseRecovery(herd, known.gone)
    if (herd === null || 'because' in next) {
      const { way, because } = next as Extract<Recovery, { because: string }>
      const state = way === 'safe' ? 'safe' : way === 'wait' ? 'waiting' : 'refused'
      await keep({ ...known, state, because, againMs: way === 'person' ? personAgainMs : way === 'wait' ? soonMs : safeAgainMs })
      return
    }
    if (!herd.answers) {
      await keep({
        ...known,
        state: 'off',
        because: 'The environment does not answer evictions by itself: act now.',
        againMs: personAgainMs,
      })
      return
    }
    const held = await heldByOthers(claimed.herdId)
    if (held !== null) {
      await keep({ ...known, state: 'waiting', because: `Waits for the herd, which is held: ${held}.`, againMs: soonMs })
      return
    }
    await submit(answerer, { ...claimed, ...known }, herd, next)
  } catch (error) {
    if (isFault(error, 'database.down')) throw error
    if (!isFault(error)) answerer.log.error({ herdId: claimed.herdId, err: error }, 'an eviction could not be answered')
    const because = isFault(error) ? error.message : 'A bug in Matriarch stopped it; see the worker’s log.'
    const failures = claimed.failures + 1
    await keep({ runId: null, leaving: null, state: 'refused', because, failures, againMs: againAfter(failures) })
  }
}

const soFar = ({ runId, leaving, gone, failures }: ClaimedAnswer): Pick<Answered, 'runId' | 'leaving' | 'gone' | 'failures'> => ({
  runId,
  leaving,
  gone,
  failures,
})

const againAfter = (failures: number): number => Math.min(failedAgainMs.first * 2 ** Math.max(0, failures - 1), failedAgainMs.most)

/** What the run that was under way came to, counted once. One that moved the primary gave the names to all standbys anew. */
const afterRun = ({ state, runState, leaving, gone, failures }: ClaimedAnswer): Pick<Answered, 'leaving' | 'gone' | 'failures'> => {
  if (state !== 'running') return { leaving: null, gone, failures }
  if (runState !== 'done') return { leaving: null, gone, failures: failures + 1 }
  return { leaving: null, gone: leaving === null ? [] : [...gone, leaving], failures: 0 }
}

/** Plans it, and submits the plan as an ordinary run together with the answer that names it: a worker that dies in between has submitted nothing. Throws `plan.refused`. */
const submit = async ({ waker, log }: Answerer, claimed: ClaimedAnswer, herd: HerdAtRisk, next: Acting): Promise<void> => {
  const { question, reason } = questionOf(herd, next)
  const planId = await keepQuestion(systemActor, question, null)
  await waker.wakePlan(planId)
  const row = await waitForPlan(systemActor, planId, { timeoutMs: planTimeoutMs })
  const { plan } = row
  if (!plan || plan.eligible === 0)
    throw new Fault('plan.refused', { because: plan?.targets[0]?.reason ?? row.because ?? 'No plan could be made.' })
  const runId = await inPgTransaction(async (client, tx) => {
    const answered = {
      state: 'running' as const,
      because: '',
      leaving: 'member' in next ? next.member.noticeId : null,
      gone: claimed.gone,
      failures: claimed.failures,
    }
    const ordered = { row, plan, ticket: '', approvedBy: null, reason, idempotencyKey: `eviction:${claimed.herdId}:${planId}` }
    // The row before the run: whoever lost the claim submits nothing.
    if (!(await keepAnswer(client, claimed, { ...answered, runId: null, againMs: soonMs }))) return null
    const id = await startRun(client, tx, systemActor, ordered)
    await nameRun(client, claimed.herdId, id)
    return id
  })
  if (runId === null) return
  log.warn({ herd: herd.name, runId, way: next.way }, 'AWS takes a machine back, and the herd leaves it')
  await waker.wakeJobs(await startableJobs([runId]))
}
