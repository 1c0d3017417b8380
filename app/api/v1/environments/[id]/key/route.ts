import { readKeyStanding, takeKeyStep } from '@/db/keys/key-rotation'
import { getRecord } from '@/db/records/records'
import { environment } from '@/lib/resources/environment'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.environmentKey, async ({ actor, params }) => {
  const { id } = await getRecord(actor, environment, params.id!)
  return readKeyStanding(id)
})

export const POST = serve(calls.takeKeyStep, async ({ actor, params, input }) => takeKeyStep(actor, params.id!, input.step, input.isForced))
