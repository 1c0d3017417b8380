import { createToken } from '@/lib/auth/tokens'
import type { MadeToken } from '@/lib/shapes/writes'
import { calls } from '../../_lib/calls'
import { resourceRoutes } from '../../_lib/resources'
import { serve } from '../../_lib/serve'

export const { list: GET } = resourceRoutes('tokens')

const defaultDays = 90

const endOf = (given: string | null | undefined): Date | null =>
  given === undefined ? new Date(Date.now() + defaultDays * 86_400_000) : given === null ? null : new Date(given)

export const POST = serve(
  calls.addToken,
  async ({ actor, input }): Promise<MadeToken> => createToken(actor, { ...input, expiresAt: endOf(input.expiresAt) }),
)
