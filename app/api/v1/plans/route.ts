import { askForPlan } from '@/jobs/requests'
import { calls } from '../../_lib/calls'
import { answerPlan, questionOf } from '../../_lib/plans'
import { serve } from '../../_lib/serve'

export const POST = serve(calls.makePlan, async ({ actor, input, request }) => {
  const { planId } = await askForPlan(actor, await questionOf(actor, input))
  return answerPlan(actor, planId, request.signal)
})
