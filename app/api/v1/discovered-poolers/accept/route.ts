import { acceptPoolers } from '@/db/discovery/discovery'
import type { Accepted } from '@/lib/shapes/inbox'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.acceptPoolers, async ({ actor, input }): Promise<Accepted> => acceptPoolers(actor, input.poolers))
