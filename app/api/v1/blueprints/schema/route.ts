import { manifestSchema } from '../../../_lib/blueprint-schema'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const GET = serve(calls.blueprintSchema, async () => manifestSchema())
