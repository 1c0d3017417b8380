import { askHostCheck, waitHostCheck } from '@/db/fleet/host-checks'
import { getRun, readEvents } from '@/db/runs/runs'
import { askForPlan, submitRun, waitForPlan, waitForRun } from '@/jobs/requests'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../../_lib/calls'
import { planTimeoutMs } from '../../../_lib/plans'
import { serve } from '../../../_lib/serve'

const checkTimeoutMs = 90_000
const linesMax = 1000

/** The operation check-server as one call: plan, run and result. The run stays findable as any other. */
const checkServer = async (actor: Actor, serverId: string, signal: AbortSignal) => {
  const { planId } = await askForPlan(actor, { operation: 'check-server', targets: [serverId] })
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
}

/** A host that is not registered: nothing is kept of it but the audit log's line. */
const checkHost = async (actor: Actor, host: Parameters<typeof askHostCheck>[1], signal: AbortSignal) => {
  const { steps, because } = await waitHostCheck(await askHostCheck(actor, host), signal)
  const failed = steps?.filter(({ verdict }) => verdict === 'fail') ?? []
  return {
    runId: null,
    state: steps !== null && failed.length === 0 ? 'done' : 'failed',
    because: failed.length > 0 ? failed.map((step) => `${step.title}: ${step.because}`).join(' ') : because,
    notes: (steps ?? [])
      .filter(({ verdict }) => verdict === 'warn' || verdict === 'fail')
      .map((step) => `${step.title}: ${step.verdict}. ${step.because}`),
    result: steps === null ? null : { steps },
  }
}

export const POST = serve(calls.checkServer, async ({ actor, input, request }) => {
  const { serverId, environmentId, address, sshPort, sshUser, hostKey, profile } = input
  if (serverId !== undefined) return checkServer(actor, serverId, request.signal)
  // Held to the fields of a server, and as empty ones are there.
  const host = {
    environmentId: environmentId!,
    address: address as string,
    sshPort: (sshPort as number | null | undefined) ?? 22,
    sshUser: (sshUser as string | null | undefined) ?? 'postgres',
    hostKey: (hostKey as string | null | undefined) ?? null,
    profile: (profile as string | null | undefined) ?? 'debian',
  }
  return checkHost(actor, host, request.signal)
})
