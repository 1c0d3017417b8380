import { operationDescriptions } from '@/lib/operations'
import { calls } from '../../_lib/calls'
import { serve } from '../../_lib/serve'

export const GET = serve(calls.operations, async () => ({ items: operationDescriptions }))
