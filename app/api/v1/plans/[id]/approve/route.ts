import { approvePlan } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.approvePlan, async ({ actor, params, input }) => approvePlan(actor, params.id!, input.digest, input.at))
