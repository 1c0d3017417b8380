import { registerDbInstance } from '@/db/discovery/db-instances'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.registerDbInstance, async ({ actor, params, input }) => registerDbInstance(actor, params.id!, input))
