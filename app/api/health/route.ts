import { calls } from '../_lib/calls'
import { json, serve } from '../_lib/serve'

export const dynamic = 'force-dynamic'

/** The process lives. Asks nothing of anybody else, so that a restart is never caused by a database that is down. */
export const GET = serve(calls.health, async () => json({ status: 'ok' }))
