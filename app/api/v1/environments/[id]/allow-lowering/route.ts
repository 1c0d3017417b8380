import { allowLowering } from '@/db/records/safeguards'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.allowLowering, async ({ actor, params }) => allowLowering(actor, params.id!))
