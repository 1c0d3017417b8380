import { memoryFleet, thaw } from '@/lib/adapters/memory'
import { replicationContract } from './replication-contract'

replicationContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2', 'n3'] }])
  const [primary, standby, third] = ['n1', 'n2', 'n3'].map((host) => fleet.instance(`demo on ${host}`).inventory.address)
  return {
    ports: fleet,
    primary: primary!,
    standby: standby!,
    third: third!,
    write: ({ instanceId }) =>
      fleet.act.postgres
        .execute(fleet.world.instances.get(instanceId)!.inventory.address, 'select 1', {
          database: 'postgres',
          statementTimeoutMs: 1000,
          rowsMax: 1,
          bytesMax: 1000,
          onTransaction: async () => {},
        })
        .then(() => {}),
    cutOff: async ({ host }) => {
      const at = fleet.host(host.hostname)
      at.power = 'off'
      return async () => {
        at.power = 'on'
      }
    },
    freeze: async ({ instanceId }, primary) => {
      const [standby, upstream] = [instanceId, primary.instanceId].map((id) => fleet.world.instances.get(id)!)
      standby!.receiver = 'frozen'
      upstream!.walBytes += 2 ** 24
      return async () => thaw(fleet.world, standby!)
    },
    stop: async () => {},
  }
})
