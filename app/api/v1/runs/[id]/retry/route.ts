import { retryFailed } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { answerPlan } from '../../../../_lib/plans'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.retryRun, async ({ actor, params, request }) => {
  const { planId } = await retryFailed(actor, params.id!)
  return answerPlan(actor, planId, request.signal)
})
