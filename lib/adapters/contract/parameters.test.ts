import { memoryFleet } from '@/lib/adapters/memory'
import { parametersContract } from './parameters-contract'

parametersContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2'] }])
  const [primary, standby] = ['n1', 'n2'].map((host) => fleet.instance(`demo on ${host}`).inventory.address)
  return { ports: fleet, primary: primary!, standby: standby!, stop: async () => {} }
})
