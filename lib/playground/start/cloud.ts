import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunningCloud, startCloud } from '../cloud'
import type { Machine } from '../cloud/state'
import type { Fleet, FleetMachine } from '../fleet/fleet'
import { cloudSocket } from '../lab/cloud-cli'
import type { Lab } from '../lab/lab'
import { openCloudControl } from './cloud-control'
import { addDatabases, databasePowerOf, openRds, type PlaygroundRds } from './rds'
import { keepLaunched, restoreLaunched, type SpareHosts, spareHosts } from './spares'

/** What the console needs to reach the playground's cloud. */
export interface PlaygroundAccount {
  environment: string
  regions: string[]
  endpoint: string
  keys: { accessKeyId: string; secretAccessKey: string }
  /** null: it has no DB instances. */
  rds: PlaygroundRds | null
}

/**
 * Starts the twin of EC2 and RDS with the fleet's machines and DB instances, reachable at the same address inside the playground; null where the fleet has none. A machine that is
 * stopped shuts its host down, one that is started boots it.
 */
export const openCloud = async (
  { lab, fleet }: { lab: Lab; fleet: Fleet },
  stateDirectory: string,
  options: { settleMs?: number } = {},
): Promise<{ account: PlaygroundAccount; stop: () => Promise<void> } | null> => {
  if (!fleet.cloud) return null
  const { environment, machines } = fleet.cloud
  const rds = await openRds({ lab, fleet }, stateDirectory)
  const hosts = new Map(machines.map((machine) => [idOf(machine), machine.host]))
  const spares = spareHosts(lab, fleet.cloud.spares ?? [], hosts)
  const launchedFile = join(stateDirectory, 'cloud-launched.json')
  const power = powerOf(lab, hosts, spares)
  const running = await startCloud({ ...options, power, powerDatabase: databasePowerOf(lab, fleet), hasHost: spares.hasOne })
  const typesFile = join(stateDirectory, 'cloud-types.json')
  addMachines(running, lab, environment, machines, typesIn(typesFile))
  restoreLaunched(running.cloud.state, hosts, launchedFile)
  await spares.turnOff()
  addDatabases(running, lab, fleet, environment)
  const regions = [...new Set(machines.map(regionOf))]
  // Imported only here: without a playground nobody needs a door.
  const { openDoorInto } = await import('./door')
  const port = Number(new URL(running.endpoint).port)
  const closeDoor = await openDoorInto(lab, port, join(stateDirectory, 'door-cloud')).catch(async (cause) => {
    await running.stop()
    throw cause
  })
  const { openMetadata } = await import('./metadata-door')
  const closeMetadata = await openMetadata(lab, running.cloud.state, join(stateDirectory, 'door-metadata')).catch(async (cause) => {
    await closeDoor()
    await running.stop()
    throw cause
  })
  const closeControl = await openCloudControl(cloudSocket(lab), { running, region: regions[0]!, hosts }).catch(async (cause) => {
    await closeMetadata()
    await closeDoor()
    await running.stop()
    throw cause
  })
  return {
    account: {
      environment,
      regions,
      endpoint: running.endpoint,
      keys: running.user,
      rds,
    },
    stop: async () => {
      const types = machines.map((machine) => [idOf(machine), running.cloud.state.machines.get(idOf(machine))!.type])
      writeFileSync(typesFile, JSON.stringify(Object.fromEntries(types)))
      keepLaunched(running.cloud.state, spares.held(), launchedFile)
      await closeControl()
      await closeMetadata()
      await closeDoor()
      await running.stop()
    },
  }
}

const regionOf = ({ zone }: FleetMachine): string => zone.slice(0, -1)

/** The same after each start. */
const idOf = ({ name }: FleetMachine): string => `i-0${createHash('sha256').update(name).digest('hex').slice(0, 16)}`

/** What machines were changed to before the last stop, by their id. */
const typesIn = (file: string): Record<string, string> => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {})

const addMachines = (
  { cloud }: RunningCloud,
  lab: Lab,
  environment: string,
  machines: readonly FleetMachine[],
  types: Readonly<Record<string, string>>,
): void => {
  for (const machine of machines) {
    const { host, name, zone, type, market = 'on-demand', volumeGb, cluster } = machine
    const isOn = host !== null && lab.hosts.mark(host) !== undefined
    const address = lab.fleet.hosts.find((one) => one.name === host)?.address
    cloud.state.add(regionOf(machine), {
      id: idOf(machine),
      zone,
      type: types[idOf(machine)] ?? type,
      market,
      volumeGb,
      state: isOn ? 'running' : 'stopped',
      ...(address && { privateIp: address }),
      tags: { Name: name, Role: 'PostgreSQL', Environment: environment, Cluster: cluster },
    })
  }
}

/** Hosts follow their machines, one change of a host after the other. A machine that is launched gets a host that stands ready. */
const powerOf = (lab: Lab, hosts: Map<string, string | null>, spares: SpareHosts) => {
  const last = new Map<string, Promise<void>>()
  return (machine: Machine, to: 'on' | 'off'): void => {
    const isNew = to === 'on' && !hosts.has(machine.id) && spares.take(machine)
    const host = hosts.get(machine.id)
    if (!host) return
    const change = async () => {
      if (isNew) await lab.renew(host)
      if (to === 'off') await lab.hosts.shutDown(host)
      else if (lab.hosts.mark(host) === undefined) await lab.powerOn(host)
      if (isNew) machine.console = spares.consoleOf(host)
      if (machine.state === 'shutting-down' || machine.state === 'terminated') spares.giveBack(machine)
    }
    last.set(
      host,
      (last.get(host) ?? Promise.resolve()).then(change).catch((error: unknown) => console.error(`${host}: ${(error as Error).message}`)),
    )
  }
}
