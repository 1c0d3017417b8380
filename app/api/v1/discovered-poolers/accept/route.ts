import { acceptPoolers } from '@/db/discovery/discovery'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.acceptPoolers, async ({ actor, input }) => acceptPoolers(actor, input.poolers))
