import { acceptInstances } from '@/db/discovery/discovery'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.acceptInstances, async ({ actor, input }) => acceptInstances(actor, input.instances))
