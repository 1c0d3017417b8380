import { applyRules } from '@/db/discovery/discovery-rules'
import { addressOf } from '@/lib/auth/address'
import { bearerOf, enrol } from '@/lib/auth/hosts'
import { logger } from '@/lib/log'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.enrol, async ({ request, input }) => {
  const made = await enrol(bearerOf(request.headers.get('authorization')), input, addressOf(request.headers))
  await applyRules(made.hostId).catch((error: unknown) => logger().error({ err: error, host: input.hostname }, 'a discovery rule failed'))
  return made
})
