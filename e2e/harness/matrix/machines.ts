import { type AwsMachines, makeMachines } from '@/lib/adapters/aws'
import { makeCloud } from '@/lib/adapters/aws/cloud'
import { makeLaunches } from '@/lib/adapters/aws/launches'
import { makeRds } from '@/lib/adapters/aws/rds'
import { type RunningCloud, startCloud } from '@/lib/playground/cloud'
import type { ActPorts } from '@/lib/ports'
import type { LabHerd } from './herd'

export const region = 'us-east-1'

export interface LabMachines {
  aws: RunningCloud
  /** Those of the herd, with EC2 and the machines of its hosts among them. */
  ports: ActPorts
  /** By host. */
  ids: ReadonlyMap<string, string>
  typeOf: (host: string) => string
  close: () => Promise<void>
}

/** Makes hosts of a herd machines of a twin of EC2, reached through the adapter: stop shuts a host down, start boots it. */
export const openLabMachines = async (herd: LabHerd, hosts: readonly string[]): Promise<LabMachines> => {
  let power = Promise.resolve()
  const hostOf = new Map<string, string>()
  const aws = await startCloud({
    settleMs: 500,
    power: ({ id }, to) => {
      const host = hostOf.get(id)
      if (host !== undefined) power = power.then(() => (to === 'off' ? herd.lab.hosts.shutDown(host) : herd.lab.powerOn(host)))
    },
  })
  for (const host of hosts) hostOf.set(aws.cloud.state.add(region, { tags: { Name: host } }).id, host)
  const ids = new Map([...hostOf].map(([id, host]) => [host, id]))
  const machines: AwsMachines = makeMachines()
  const cloud = makeCloud(machines, makeRds(), makeLaunches(), async (id) => ({
    id,
    name: 'lab',
    endpoint: aws.endpoint,
    credentials: aws.user,
    role: null,
  }))
  const serverOf = new Map(hosts.map((host) => [herd.instance(host).serverId, host]))
  const { inventory } = herd.ports.read
  return {
    aws,
    ids,
    typeOf: (host) => aws.cloud.state.machines.get(ids.get(host)!)!.type,
    ports: {
      read: {
        ...herd.ports.read,
        cloud: cloud.read,
        inventory: {
          ...inventory,
          serverMachine: async (serverId) => {
            const host = serverOf.get(serverId)
            return host === undefined ? null : { id: host, title: host, accountId: 'lab', region, instanceId: ids.get(host)! }
          },
          serverInstances: async () => [],
          wholeMachine: async (host) => {
            const instance = herd.instance(host)
            const { environmentId, serverId } = instance
            const machine = { id: host, title: host, accountId: 'lab', region, instanceId: ids.get(host)! }
            return { ...machine, environmentId, server: { id: serverId, title: host }, instances: [instance], poolers: [] }
          },
        },
      },
      act: { ...herd.ports.act, cloud: cloud.act },
    },
    close: async () => {
      machines.close()
      await aws.stop()
      await power
    },
  }
}
