import { revokeEnrolmentKey } from '@/db/discovery/enrolment'
import { calls } from '../../../_lib/calls'
import { resourceRoutes } from '../../../_lib/resources'
import { serve } from '../../../_lib/serve'

export const { get: GET, change: PATCH } = resourceRoutes('enrolment-keys')

export const DELETE = serve(calls.revokeEnrolmentKey, async ({ actor, params }) => revokeEnrolmentKey(actor, params.id!))
