import { decideHostToken } from '@/db/discovery/host-tokens'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.decideHostToken, async ({ actor, params, input }) => decideHostToken(actor, params.id!, input.decision))
