import { calls } from '../_lib/calls'
import { openApiDocument } from '../_lib/openapi'
import { serve } from '../_lib/serve'

export const dynamic = 'force-dynamic'

export const GET = serve(calls.openapi, async () => openApiDocument())
