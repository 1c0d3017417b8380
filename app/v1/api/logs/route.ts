import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { Fault } from '@/lib/kernel/ground/errors'

/** pygmy shows its log to a browser that is logged in, and never to a token; ours is the audit log and the journals, on their pages. */
export const GET = servePygmy(calls.pygmyLogs, async () => {
  throw new Fault('access.denied', { because: 'Authentication credentials were not provided.' })
})
