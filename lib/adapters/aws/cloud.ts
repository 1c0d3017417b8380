import type { RdsAct, RdsRead } from '@/lib/ports'
import type { CloudAct, CloudRead } from '@/lib/ports/cloud'
import type { CloudSettings, MachinesAct, MachinesRead } from '@/lib/ports/machines'

/** Machines and DB instances as operations reach them: by the id of their account, whose secrets are opened for one call. */
export const makeCloud = (
  machines: MachinesRead & MachinesAct,
  rds: RdsRead & RdsAct,
  accountOf: (id: string) => Promise<CloudSettings>,
): { read: CloudRead; act: CloudAct } => ({
  read: {
    machine: async ({ accountId, region, instanceId }, options) =>
      machines.machine(await accountOf(accountId), region, instanceId, options),
    mayDo: async ({ accountId, region, instanceId }, action, options) =>
      machines.mayDo(await accountOf(accountId), region, action, instanceId, options),
    types: async ({ accountId, region }, zone, names, options) => machines.types(await accountOf(accountId), region, zone, names, options),
    dbInstance: async ({ accountId, region, instanceId }, options) => rds.instance(await accountOf(accountId), region, instanceId, options),
    dbClasses: async ({ accountId, region }, of, names, options) => rds.classes(await accountOf(accountId), region, of, names, options),
  },
  act: {
    act: async ({ accountId, region, instanceId }, deed, options) =>
      machines.act(await accountOf(accountId), region, { ...deed, instanceId }, options),
    actOnDb: async ({ accountId, region, instanceId }, deed, options) =>
      rds.act(await accountOf(accountId), region, instanceId, deed, options),
  },
})
