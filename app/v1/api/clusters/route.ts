import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { readClusters } from '@/db/pygmy/clusters'

export const GET = servePygmy(calls.pygmyClusters, async ({ actor }) =>
  (await readClusters(actor)).map(({ number, name, primaryAddress, disabledBy }) => ({
    id: number,
    name,
    primaryNodeIp: primaryAddress,
    type: 'EC2',
    enabled: disabledBy.length === 0,
  })),
)
