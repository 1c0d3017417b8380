import { getRun, readEvents } from '@/db/runs/runs'
import { askForPlan, submitRun, waitForPlan, waitForRun } from '@/jobs/requests'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../../_lib/calls'
import { planTimeoutMs } from '../../../_lib/plans'
import { serve } from '../../../_lib/serve'

const checkTimeoutMs = 90_000
const linesMax = 1000

/** The operation check-server as one call: plan, run and result. The run stays findable as any other. */
export const POST = serve(calls.checkServer, async ({ actor, input, request }) => {
  const { signal } = request
  const { planId } = await askForPlan(actor, { operation: 'check-server', targets: [input.serverId] })
  const plan = await waitForPlan(actor, planId, { timeoutMs: planTimeoutMs, signal })
  if (plan.digest === null) throw new Fault('plan.failed', { because: plan.because ?? undefined })
  const submitted = await submitRun(actor, { planId, digest: plan.digest })
  if (!submitted.submitted) throw new Fault('plan.moved', { planId: submitted.moved.planId, plan: submitted.moved.plan })
  await waitForRun(actor, submitted.runId, { timeoutMs: checkTimeoutMs, signal })
  const [run, events] = await Promise.all([getRun(actor, submitted.runId), readEvents(actor, submitted.runId, 0, linesMax)])
  const lines = events.map(({ line }) => line)
  const finished = lines.find((line) => line.kind === 'finished' && line.step === 'check')
  return {
    runId: run.id,
    state: run.state,
    because: run.jobs[0]?.because ?? null,
    // Each step as it went, also where a later one failed.
    notes: lines.flatMap((line) => (line.kind === 'note' ? [line.text] : [])),
    result: finished?.kind === 'finished' ? finished.output : null,
  }
})
