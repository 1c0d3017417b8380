import { getPlan } from '@/jobs/requests'
import { calls } from '../../../_lib/calls'
import { shownPlan } from '../../../_lib/plans'
import { serve } from '../../../_lib/serve'

export const GET = serve(calls.plan, async ({ actor, params }) => shownPlan(await getPlan(actor, params.id!)))
