import { ignore } from '@/db/discovery/discovery'
import type { Ignored } from '@/lib/shapes/writes'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(
  calls.ignore,
  async ({ actor, input }): Promise<Ignored> => ({
    changed: await ignore(actor, input.ids, input.isIgnored),
  }),
)
