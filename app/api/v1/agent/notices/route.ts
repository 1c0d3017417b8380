import { addressOf } from '@/lib/auth/address'
import { calls } from '../../../_lib/calls'
import { takeNotice } from '../../../_lib/notices'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.notice, ({ request: { headers }, input }) =>
  takeNotice(headers.get('authorization'), addressOf(headers), input),
)
