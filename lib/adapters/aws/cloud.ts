import type { RdsAct, RdsRead } from '@/lib/ports'
import type { CloudAct, CloudRead } from '@/lib/ports/cloud'
import type { LaunchesAct, LaunchesRead } from '@/lib/ports/launches'
import type { CloudSettings, MachinesAct, MachinesRead } from '@/lib/ports/machines'

/** Machines, DB instances and launched herds as operations reach them: by the id of their account, whose secrets are opened for one call. */
export const makeCloud = (
  machines: MachinesRead & MachinesAct,
  rds: RdsRead & RdsAct,
  launches: LaunchesRead & LaunchesAct,
  accountOf: (id: string) => Promise<CloudSettings>,
): { read: CloudRead; act: CloudAct } => ({
  read: {
    machine: async ({ accountId, region, instanceId }, options) =>
      machines.machine(await accountOf(accountId), region, instanceId, options),
    mayDo: async ({ accountId, region }, ...rest) => machines.mayDo(await accountOf(accountId), region, ...rest),
    types: async ({ accountId, region }, zone, names, options) => machines.types(await accountOf(accountId), region, zone, names, options),
    dbInstance: async ({ accountId, region, instanceId }, options) => rds.instance(await accountOf(accountId), region, instanceId, options),
    dbClasses: async ({ accountId, region }, of, names, options) => rds.classes(await accountOf(accountId), region, of, names, options),
    launched: async ({ accountId, region }, ...rest) => launches.launched(await accountOf(accountId), region, ...rest),
    image: async ({ accountId, region }, ...rest) => launches.image(await accountOf(accountId), region, ...rest),
    console: async ({ accountId, region }, ...rest) => launches.console(await accountOf(accountId), region, ...rest),
    mayLaunch: async ({ accountId, region }, ...rest) => launches.mayLaunch(await accountOf(accountId), region, ...rest),
  },
  act: {
    act: async ({ accountId, region, instanceId }, deed, options) =>
      machines.act(await accountOf(accountId), region, { ...deed, instanceId }, options),
    actOnDb: async ({ accountId, region, instanceId }, deed, options) =>
      rds.act(await accountOf(accountId), region, instanceId, deed, options),
    makeGroup: async ({ accountId, region }, ...rest) => launches.makeGroup(await accountOf(accountId), region, ...rest),
    allow: async ({ accountId, region }, ...rest) => launches.allow(await accountOf(accountId), region, ...rest),
    dropGroup: async ({ accountId, region }, ...rest) => launches.dropGroup(await accountOf(accountId), region, ...rest),
    launch: async ({ accountId, region }, ...rest) => launches.launch(await accountOf(accountId), region, ...rest),
    tag: async ({ accountId, region }, ...rest) => launches.tag(await accountOf(accountId), region, ...rest),
    terminate: async ({ accountId, region }, ...rest) => launches.terminate(await accountOf(accountId), region, ...rest),
    attach: async ({ accountId, region }, ...rest) => launches.attach(await accountOf(accountId), region, ...rest),
    dropVolume: async ({ accountId, region }, ...rest) => launches.dropVolume(await accountOf(accountId), region, ...rest),
  },
})
