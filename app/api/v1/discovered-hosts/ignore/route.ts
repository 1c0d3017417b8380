import { ignore } from '@/db/discovery/discovery'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.ignore, async ({ actor, input }) => ({ changed: await ignore(actor, input.ids, input.isIgnored) }))
