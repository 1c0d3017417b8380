import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { clusterCalled } from '@/db/pygmy/clusters'

export const GET = servePygmy(calls.pygmyProgressing, async ({ actor, params }) => {
  const cluster = await clusterCalled(actor, params.name!)
  if (cluster === null) return { Error: 'Cluster not found' }
  return cluster.isBusy ? { True: 'Cluster is currently being processed' } : { False: 'Cluster is not being processed' }
})
