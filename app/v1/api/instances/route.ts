import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { readClusters, readNodes } from '@/db/pygmy/clusters'

export const GET = servePygmy(calls.pygmyInstances, async ({ actor }) => {
  const [nodes, clusters] = await Promise.all([readNodes(actor), readClusters(actor)])
  const numberOf = new Map(clusters.map(({ herdId, number }) => [herdId, number]))
  // `instance_type` is a number of pygmy's own framework, or null: nothing can be done with it.
  return nodes.map(({ number, machine, isPrimary, herdId }) => ({
    id: number,
    instance_id: machine,
    instance_type: null,
    isPrimary,
    cluster: numberOf.get(herdId) ?? null,
  }))
})
