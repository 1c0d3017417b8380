import { getRun } from '@/db/runs/runs'
import { resumeJob } from '@/jobs/requests'
import { Fault } from '@/lib/kernel/ground/errors'
import { calls } from '../../../../_lib/calls'
import { serve } from '../../../../_lib/serve'

export const POST = serve(calls.resumeRun, async ({ actor, params, input }) => {
  const { jobs } = await getRun(actor, params.id!)
  const wanted = jobs.filter((job) => (input.jobId === undefined ? job.state === 'attention' : job.id === input.jobId)).map((job) => job.id)
  if (wanted.length === 0) throw new Fault('run.closed', { because: 'No job of this run needs attention.' })
  for (const id of wanted) await resumeJob(actor, id, input.decision)
  return { jobs: wanted }
})
