import { createToken } from '@/lib/auth/tokens'
import { calls } from '../../_lib/calls'
import { resourceRoutes } from '../../_lib/resources'
import { serve } from '../../_lib/serve'

export const { list: GET } = resourceRoutes('tokens')

export const POST = serve(calls.addToken, async ({ actor, input }) =>
  createToken(actor, { ...input, expiresAt: input.expiresAt === null ? null : new Date(input.expiresAt) }),
)
