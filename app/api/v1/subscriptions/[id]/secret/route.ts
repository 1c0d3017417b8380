import { renewSigningSecret } from '@/db/notifications/subscriptions'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.renewSigningSecret, ({ actor, params }) => renewSigningSecret(actor, params.id!))
