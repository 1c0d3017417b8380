import { calls } from '../../_lib/calls'
import { serve } from '../../_lib/serve'
import { answerFound } from '../../_lib/settings'

export const GET = serve(calls.findSettings, answerFound)
