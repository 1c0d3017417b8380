import { cancelScheduled } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.cancelScheduled, async ({ actor, params }) => cancelScheduled(actor, params.id!))
