import { watchActivity } from '@/db/fleet/watch'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.instanceActivity, async ({ actor, params, request }) => ({
  members: await watchActivity(actor, 'instance', params.id!, request.signal),
}))
