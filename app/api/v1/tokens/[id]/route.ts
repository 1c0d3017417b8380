import { revokeToken } from '@/db/people/tokens'
import { calls } from '../../../_lib/calls'
import { resourceRoutes } from '../../../_lib/resources'
import { serve } from '../../../_lib/serve'

export const { get: GET, change: PATCH } = resourceRoutes('tokens')

export const DELETE = serve(calls.revokeToken, async ({ actor, params }) => revokeToken(actor, params.id!))
