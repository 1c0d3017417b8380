import { scheduleRun } from '@/jobs/requests'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../_lib/calls'
import { plannedId } from '../../_lib/plans'
import { resourceRoutes } from '../../_lib/resources'
import { json, serve } from '../../_lib/serve'

export const { list: GET } = resourceRoutes('scheduled-runs')

export const POST = serve(calls.scheduleRun, async ({ actor, input, request }) => {
  const { digest, phrase, reason, ticket, isOutsideWindow, at, startWithinMinutes } = input
  const planId = await plannedId(actor, input, request.signal)
  const scheduled = await scheduleRun(actor, { planId, digest, phrase, reason, ticket, isOutsideWindow, at, startWithinMinutes })
  if (!scheduled.scheduled) throw new Fault('plan.moved', { planId: scheduled.moved.planId, plan: scheduled.moved.plan })
  return json({ id: scheduled.id, at: scheduled.at }, 201, { location: `/api/v1/scheduled-runs/${scheduled.id}` })
})
