import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'
import { answerTimeline } from '../../../../_lib/timeline'

export const GET = serve(calls.instanceTimeline, answerTimeline('instance'))
