import { readStatements } from '@/db/statements/read'
import { checked } from '@/lib/kernel/ground/checked'
import { statementsQuery } from '@/lib/shapes/statements'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const GET = serve(calls.topStatements, ({ actor, params, query, request }) => {
  const { look, ...question } = checked(statementsQuery, Object.fromEntries(query))
  return readStatements(actor, params.id!, { ...question, isNow: look === 'now' }, request.signal)
})
