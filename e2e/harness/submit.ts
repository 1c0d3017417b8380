import { askForPlan, type StoredPlan, submitRun, waitForPlan, waitForRun } from '@/jobs/requests'
import { type Actor, systemActor } from '@/lib/kernel/access/access'
import type { PlanQuestion } from '@/lib/shapes/plan'
import type { RunView } from '@/lib/shapes/run'

export type Question = PlanQuestion & { actor?: Actor }

/** Asks for a plan and waits for it. `targets` are ids. */
export const plan = async ({ actor = systemActor, ...question }: Question): Promise<StoredPlan> => {
  const { planId } = await askForPlan(actor, question)
  const made = await waitForPlan(actor, planId, { timeoutMs: 110_000 })
  if (!made.plan) throw new Error(`the plan failed: ${made.because}`)
  return made
}

/** Plans, types the phrase and submits, as a person does who agrees with everything. Fails when something changed. */
export const submit = async (question: Question): Promise<{ runId: string; notice: string | null }> => {
  const made = await plan(question)
  const answer = await submitRun(question.actor ?? systemActor, {
    planId: made.id,
    digest: made.digest!,
    phrase: made.plan!.phrase ?? undefined,
  })
  if (!answer.submitted) throw new Error('something changed between plan and submission')
  return answer
}

/** Submits and waits until the run has ended or needs attention. */
export const runAndWait = async (question: Question, options: { timeoutMs: number } = { timeoutMs: 120_000 }): Promise<RunView> => {
  const { runId } = await submit(question)
  return waitForRun(question.actor ?? systemActor, runId, options)
}
