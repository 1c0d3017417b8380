import { calls } from '../../../_lib/calls'
import { answerSamples } from '../../../_lib/samples'
import { serve } from '../../../_lib/serve'

export const GET = serve(calls.fleetSamples, answerSamples('fleet'))
