import { ignoreMachines } from '@/db/discovery/machines'
import type { Ignored } from '@/lib/shapes/writes'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.ignoreMachines, async ({ actor, input: { ids, isIgnored } }): Promise<Ignored> => {
  const changed = new Set(await ignoreMachines(actor, ids, isIgnored))
  return { changed: changed.size, unchanged: ids.filter((id) => !changed.has(id.toLowerCase())) }
})
