import { createToken, endOfToken } from '@/lib/auth/tokens'
import type { MadeToken } from '@/lib/shapes/writes'
import { calls } from '../../_lib/calls'
import { resourceRoutes } from '../../_lib/resources'
import { serve } from '../../_lib/serve'

export const { list: GET } = resourceRoutes('tokens')

export const POST = serve(
  calls.addToken,
  async ({ actor, input }): Promise<MadeToken> =>
    createToken(actor, { ...input, expiresAt: endOfToken(input.expiresAt == null ? input.expiresAt : new Date(input.expiresAt)) }),
)
