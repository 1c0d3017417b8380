import { watchActivity } from '@/db/fleet/watch'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.herdActivity, async ({ actor, params, request }) => ({
  members: await watchActivity(actor, 'herd', params.id!, request.signal),
}))
