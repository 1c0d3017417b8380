import { dryRunRule } from '@/db/rules/dry-run'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.dryRunSizingRule, ({ actor, params, input }) => dryRunRule(actor, params.id!, input.days))
