import { heldIn, memoryFleet, putRecords } from '@/lib/adapters/memory'
import { namesContract } from './names-contract'

namesContract('names in memory', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1'], virtualHost: 'orders' }])
  const zone = fleet.zone('prod.test')
  return {
    ports: fleet,
    zone: zone.inventory.address,
    put: async (records) => putRecords(zone, records[0]!.name, [...records]),
    witness: async (name, type) => heldIn(zone, name).find((set) => set.type === type)?.values ?? [],
    cutOff: async () => {
      zone.host.power = 'off'
      return async () => {
        zone.host.power = 'on'
      }
    },
    cutOffServer: async () => {
      zone.servers[1]!.state = 'down'
      return async () => {
        zone.servers[1]!.state = 'well'
      }
    },
    stop: async () => {},
  }
})
