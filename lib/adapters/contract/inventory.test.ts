import { inventoryFleet } from '@/e2e/harness/inventory-fleet'
import { inventoryContract } from './inventory-contract'

inventoryContract('in memory', async () => {
  const { fleet, stage } = inventoryFleet()
  return {
    ...stage,
    ports: fleet,
    hold: async (memberId) => {
      const { title } = fleet.world.instances.get(memberId)!.inventory
      fleet.calls.interfere = ({ target }) => (target === title ? { how: 'hang-before', isKilled: true } : undefined)
      return async () => {
        fleet.calls.interfere = () => undefined
      }
    },
    stop: async () => {},
  }
})
