import { keepLock, unlockHerd } from '@/jobs/requests'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const PUT = serve(calls.keepLock, async ({ actor, params, input }) => keepLock(actor, params.id!, input.ttlSeconds))

export const DELETE = serve(calls.unlockHerd, async ({ actor, params }) => unlockHerd(actor, params.id!))
