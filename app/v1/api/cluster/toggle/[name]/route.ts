import { calls } from '@/app/api/_lib/calls'
import { servePygmy } from '@/app/api/_lib/pygmy'
import { toggleCluster } from '@/db/pygmy/clusters'

export const PUT = servePygmy(calls.pygmyToggle, async ({ actor, params, read }) =>
  toggleCluster(actor, params.name!, (await read()).enabled),
)
