import { breakLock, herdLock, lockHerd } from '@/jobs/requests'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.lockHerd, async ({ actor, params, input }) => lockHerd(actor, params.id!, input))

export const GET = serve(calls.herdLock, async ({ actor, params }) => ({ lock: await herdLock(actor, params.id!) }))

export const DELETE = serve(calls.breakLock, async ({ actor, params }) => breakLock(actor, params.id!))
