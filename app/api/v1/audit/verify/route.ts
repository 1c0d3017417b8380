import { verifyAudit } from '@/db/trail/audit'
import { mayIn } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const GET = serve(calls.verifyAudit, async ({ actor }) => {
  if (!mayIn(actor, 'audit.view', null)) throw new Fault('access.denied')
  return verifyAudit()
})
