import type { CloudAct, CloudRead } from '@/lib/ports/cloud'
import type { CloudSettings, MachinesAct, MachinesRead } from '@/lib/ports/machines'

/** Machines as operations reach them: by the id of their account, whose secrets are opened for one call. */
export const makeCloud = (
  machines: MachinesRead & MachinesAct,
  accountOf: (id: string) => Promise<CloudSettings>,
): { read: CloudRead; act: CloudAct } => ({
  read: {
    machine: async ({ accountId, region, instanceId }, options) =>
      machines.machine(await accountOf(accountId), region, instanceId, options),
    types: async ({ accountId, region }, zone, names, options) => machines.types(await accountOf(accountId), region, zone, names, options),
  },
  act: {
    act: async ({ accountId, region, instanceId }, deed, options) =>
      machines.act(await accountOf(accountId), region, { ...deed, instanceId }, options),
  },
})
