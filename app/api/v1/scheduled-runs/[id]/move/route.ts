import { moveScheduled } from '@/jobs/queue'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.moveScheduled, async ({ actor, params, input }) => moveScheduled(actor, params.id!, input))
