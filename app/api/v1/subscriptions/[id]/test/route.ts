import { testSubscription } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

const timeoutMs = 20_000

export const POST = serve(calls.testSubscription, ({ actor, params, request }) =>
  testSubscription(actor, params.id!, { timeoutMs, signal: request.signal }),
)
