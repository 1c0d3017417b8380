import { recordMachine } from '@/db/discovery/machines'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.recordMachine, async ({ actor, params, input }) => recordMachine(actor, params.id!, input.taken))
