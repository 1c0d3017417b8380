import { judgeBlueprint } from '@/db/blueprints/judge'
import type { Json } from '@/lib/kernel/ground/json'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.judgeBlueprint, ({ actor, input }) => judgeBlueprint(actor, input.id, input.values as Record<string, Json>))
