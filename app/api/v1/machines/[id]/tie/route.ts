import { tieMachine } from '@/db/discovery/machines'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.tieMachine, async ({ actor, params, input }) => tieMachine(actor, params.id!, input.serverId))
