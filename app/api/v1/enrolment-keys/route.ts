import { createEnrolmentKey } from '@/lib/auth/hosts'
import type { MadeEnrolmentKey } from '@/lib/shapes/writes'
import { calls } from '../../_lib/calls'
import { resourceRoutes } from '../../_lib/resources'
import { serve } from '../../_lib/serve'

export const { list: GET } = resourceRoutes('enrolment-keys')

export const POST = serve(
  calls.addEnrolmentKey,
  async ({ actor, input }): Promise<MadeEnrolmentKey> => createEnrolmentKey(actor, { ...input, expiresAt: new Date(input.expiresAt) }),
)
