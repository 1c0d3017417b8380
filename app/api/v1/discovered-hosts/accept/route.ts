import { acceptHosts } from '@/db/discovery/discovery'
import { calls } from '../../../_lib/calls'
import { serve } from '../../../_lib/serve'

export const POST = serve(calls.acceptHosts, async ({ actor, input }) => acceptHosts(actor, input.hosts))
