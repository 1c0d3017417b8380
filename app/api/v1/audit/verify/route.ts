import { verifyAudit } from '@/db/trail/audit'
import { mayAnywhere } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const GET = serve(calls.verifyAudit, async ({ actor }) => {
  if (!mayAnywhere(actor, 'audit.view')) throw new Fault('access.denied')
  return verifyAudit()
})
