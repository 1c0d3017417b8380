import { getRun } from '@/db/runs/runs'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const GET = serve(calls.run, async ({ actor, params }) => getRun(actor, params.id!))
