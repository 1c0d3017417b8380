import { submitRun } from '@/jobs/requests'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../_lib/calls'
import { plannedId } from '../../_lib/plans'
import { resourceRoutes } from '../../_lib/resources'
import { json, serve } from '../../_lib/serve'

export const { list: GET } = resourceRoutes('runs')

export const POST = serve(calls.submitRun, async ({ actor, input, request }) => {
  const { digest, phrase, reason, ticket, isOutsideWindow } = input
  const planId = await plannedId(actor, input, request.signal)
  const idempotencyKey = request.headers.get('idempotency-key') ?? undefined
  const submitted = await submitRun(actor, { planId, digest, phrase, reason, ticket, isOutsideWindow, idempotencyKey })
  if (!submitted.submitted) throw new Fault('plan.moved', { planId: submitted.moved.planId, plan: submitted.moved.plan })
  return json({ id: submitted.runId, notice: submitted.notice }, 202, { location: `/api/v1/runs/${submitted.runId}` })
})
