import { approveRule } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.approveSizingRule, ({ actor, params, input }) => approveRule(actor, params.id!, input.revision))
