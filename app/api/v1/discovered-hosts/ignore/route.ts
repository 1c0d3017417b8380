import { ignore } from '@/db/discovery/discovery'
import type { Ignored } from '@/lib/shapes/writes'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.ignore, async ({ actor, input: { ids, isIgnored } }): Promise<Ignored> => {
  const changed = new Set(await ignore(actor, ids, isIgnored))
  return { changed: changed.size, unchanged: ids.filter((id) => !changed.has(id.toLowerCase())) }
})
