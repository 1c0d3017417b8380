import { cancelRun } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.cancelRun, async ({ actor, params }) => cancelRun(actor, params.id!))
