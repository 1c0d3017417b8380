import { importPygmy } from '@/db/pygmy/import/apply'
import { env } from '@/lib/env'
import { calls } from '../../_lib/calls'
import { serve } from '../../_lib/serve'

export const POST = serve(calls.importPygmy, ({ actor, input }) => importPygmy(actor, input, env().PYGMY_TIME_ZONE))
