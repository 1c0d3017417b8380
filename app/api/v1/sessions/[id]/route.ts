import { revokeSession } from '@/db/people/sessions'
import { calls } from '../../../_lib/calls'
import { resourceRoutes } from '../../../_lib/resources'
import { serve } from '../../../_lib/serve'

export const { get: GET } = resourceRoutes('sessions')

export const DELETE = serve(calls.revokeSession, async ({ actor, params }) => revokeSession(actor, params.id!))
