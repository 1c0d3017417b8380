import { decideByHand } from '@/db/rules/by-hand'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.decideSizingRule, ({ actor, params }) => decideByHand(actor, params.id!))
