import { memoryFleet } from '@/lib/adapters/memory'
import { launchesContract } from './launches-contract'

launchesContract('launches in memory', async () => {
  const fleet = memoryFleet([])
  return {
    ports: fleet,
    place: { accountId: 'account', region: 'us-east-1' },
    settle: () => fleet.clock.sleep(20_000),
    exhaust: (type) => void fleet.world.exhausted.add(type),
    stop: async () => {},
  }
})
