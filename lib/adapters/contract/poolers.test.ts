import { idOf, memoryFleet, passingClock } from '@/lib/adapters/memory'
import { poolersContract } from './poolers-contract'

poolersContract('poolers in memory', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1'], poolers: ['n1'] }], passingClock())
  const pooler = fleet.pooler('orders pooler on n1')
  return {
    ports: fleet,
    pooler: pooler.inventory.address,
    leader: {
      instanceId: idOf('orders on n1'),
      title: 'orders on n1',
      address: fleet.host('n1').server.address.address,
      port: 5432,
      socketDirectory: null,
    },
    openTransaction: async () => {
      const orders = pooler.databases.get('orders')!
      orders.busy = [
        {
          database: 'orders',
          user: 'app',
          address: 'unix',
          applicationName: null,
          state: 'active',
          waitSeconds: 0,
          connectedAt: null,
          remotePid: 7,
        },
      ]
      const leave = async () => {
        orders.busy = []
      }
      return { commit: leave, close: leave }
    },
    pauseWhole: async () => {
      pooler.isPausedWhole = true
    },
    edit: async (text) => {
      pooler.file!.text = text
    },
    cutOff: async () => {
      pooler.host.power = 'off'
      return async () => {
        pooler.host.power = 'on'
      }
    },
    stop: async () => {},
  }
})
