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
import { cancelRun } from '../requests/steer'
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
/** A herd that has left its machine does without a new standby after as many launches that came to nothing. */
const launchTries = 3

/** Decides for every herd that loses machines and whose turn it is. Throws `database.down`. */
export const answerEvictions = async (answerer: Answerer): Promise<void> => {
  const claimed = await claimAnswers()
  await Promise.all(claimed.map((one) => answerOne(answerer, one)))
}

const answerOne = async (answerer: Answerer, claimed: ClaimedAnswer): Promise<void> => {
  const keep = (answered: Partial<Answered> & Pick<Answered, 'state' | 'because' | 'againMs'>) =>
    inPgTransaction((client) => keepAnswer(client, claimed, { ...soFar(claimed), ...answered }))
  let known: Known = soFar(claimed)
  let replacing: string | null = null
  try {
    if (claimed.runState !== null && openRunStates.includes(claimed.runState)) {
      if (claimed.runOperation === 'launch-standby') await stopLaunch(claimed)
      await keep({ state: 'running', because: '', againMs: soonMs })
      return
    }
    known = afterRun(claimed)
    if (known.failures > claimed.failures) {
      const because = `The run ended as ${claimed.runState}. It is tried again.`
      await keep({ ...given(claimed, known), runId: null, state: 'open', because, againMs: againAfter(known.failures) })
      return
    }
    // Before the herd is looked at: what is decided on was so while nobody else had it.
    const held = await heldByOthers(claimed.herdId)
    const herd = await herdAtRisk(claimed.herdId)
    const next = nextFor(herd, known)
    if (herd === null || 'because' in next) {
      const { way, because } = next as Extract<Recovery, { because: string }>
      const state = way === 'safe' ? 'safe' : way === 'wait' ? 'waiting' : 'refused'
      const without = way === 'safe' && known.failures >= launchTries && known.replaced.length > 0 ? noStandby : ''
      await keep({
        ...known,
        state,
        because: `${because}${without}`,
        againMs: way === 'person' ? personAgainMs : way === 'wait' ? soonMs : safeAgainMs,
      })
      return
    }
    if ('lost' in next) replacing = next.lost.noticeId
    if (!herd.answers) {
      await keep({
        ...known,
        state: 'off',
        because: 'The environment does not answer evictions by itself: act now.',
        againMs: personAgainMs,
      })
      return
    }
    if (held !== null) {
      await keep({ ...known, state: 'waiting', because: `Waits for the herd, which is held: ${held}.`, againMs: soonMs })
      return
    }
    await submit(answerer, { ...claimed, ...known }, herd, next)
  } catch (error) {
    if (isFault(error, 'database.down')) throw error
    if (!isFault(error)) answerer.log.error({ herdId: claimed.herdId, err: error }, 'an eviction could not be answered')
    const because = isFault(error) ? error.message : 'A bug in Matriarch stopped it; see the worker’s log.'
    const failed = { ...known, leaving: null, replacing: null, failures: known.failures + 1 }
    await keep({ ...given({ replacing }, failed), runId: null, state: 'refused', because, againMs: againAfter(failed.failures) })
  }
}

type Known = Pick<Answered, 'leaving' | 'replacing' | 'gone' | 'replaced' | 'failures'>

const soFar = ({ runId, leaving, replacing, gone, replaced, failures }: ClaimedAnswer): Known & Pick<Answered, 'runId'> => ({
  ...{ runId, leaving, replacing, gone, replaced, failures },
})

const noStandby = ' No standby could be launched in its place: see the last runs, and launch one by hand.'

const nextFor = (herd: HerdAtRisk | null, { gone, replaced }: Pick<Known, 'gone' | 'replaced'>): Recovery => {
  if (herd === null) return { way: 'safe', because: 'No machine of the herd is being taken back.' }
  const next = chooseRecovery(herd, { left: gone, replaced })
  // Whom nobody answers for is not nagged about a standby once the herd has left its machine.
  return !herd.answers && 'lost' in next && next.way === 'replace'
    ? chooseRecovery({ ...herd, launching: null }, { left: gone, replaced })
    : next
}

/** A launch is not tried for ever in the place of one machine. */
const given = ({ replacing }: Pick<Known, 'replacing'>, known: Known): Known =>
  replacing !== null && known.failures >= launchTries ? { ...known, replaced: [...known.replaced, replacing] } : known

/** A launch holds the herd for minutes: where the primary is to move meanwhile, it is cancelled, and undoes what it made. */
const stopLaunch = async ({ herdId, runId, gone, replaced }: ClaimedAnswer): Promise<void> => {
  const next = nextFor(await herdAtRisk(herdId), { gone, replaced })
  if (!('to' in next) || runId === null) return
  try {
    await cancelRun(systemActor, runId)
  } catch (error) {
    if (!isFault(error, 'run.closed')) throw error
  }
}

const againAfter = (failures: number): number => Math.min(failedAgainMs.first * 2 ** Math.max(0, failures - 1), failedAgainMs.most)

/** What the run that was under way came to, counted once. One that moved the primary gave the names to all standbys anew. */
const afterRun = ({ state, runState, leaving, replacing, gone, replaced, failures }: ClaimedAnswer): Known => {
  const rest = { leaving: null, replacing: null, gone, replaced, failures }
  if (state !== 'running') return rest
  if (runState !== 'done') return { ...rest, failures: failures + 1 }
  if (replacing !== null) return { ...rest, replaced: [...replaced, replacing], failures: 0 }
  return { ...rest, gone: leaving === null ? [] : [...gone, leaving], failures: 0 }
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
      replacing: 'lost' in next ? next.lost.noticeId : null,
      ...{ gone: claimed.gone, replaced: claimed.replaced, failures: claimed.failures },
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
