import { readHerdSettings } from '@/db/settings/read'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'
import { wantsLook } from '../../../../_lib/settings'

export const GET = serve(calls.herdSettings, ({ actor, params, query, request }) =>
  readHerdSettings(actor, params.id!, { isNow: wantsLook(query), signal: request.signal }),
)
