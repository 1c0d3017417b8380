import { readHealth } from '@/db/health/read'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'
import { wantsLook } from '../../../../_lib/settings'

export const GET = serve(calls.herdHealth, ({ actor, params, query, request }) =>
  readHealth(actor, { of: 'herd', id: params.id! }, { isNow: wantsLook(query), signal: request.signal }),
)
