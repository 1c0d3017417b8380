import { watchHerdLog } from '@/db/fleet/watch'
import { checked } from '@/lib/kernel/ground/checked'
import { logQuery } from '@/lib/shapes/server-log'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.herdLog, ({ actor, params, query, request }) => {
  const { search: words, level, files } = checked(logQuery, Object.fromEntries(query))
  return watchHerdLog(actor, params.id!, { words, level, isDeep: files === 'all' }, request.signal)
})
