import { setPassword } from '@/lib/auth/set-password'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const PUT = serve(calls.setPassword, async ({ actor, params, input }) => setPassword(actor, params.id!, input))
