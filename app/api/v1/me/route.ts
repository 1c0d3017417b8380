import { calls } from '../../_lib/calls'
import { serve } from '../../_lib/serve'

export const GET = serve(calls.me, async ({ actor: { kind, name, personId, grants } }) => ({ kind, name, personId, grants }))
