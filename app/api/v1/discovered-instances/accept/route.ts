import { acceptInstances } from '@/db/discovery/discovery'
import type { Accepted } from '@/lib/shapes/inbox'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.acceptInstances, async ({ actor, input }): Promise<Accepted> => acceptInstances(actor, input.instances))
