import { type MemoryHost, memoryFleet } from '@/lib/adapters/memory'
import { canaryContract } from './canary-contract'

const powered = (host: MemoryHost, power: MemoryHost['power']) => async () => {
  host.power = power
  return async () => {
    host.power = 'on'
  }
}

canaryContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'orders', hosts: ['n1', 'n2'], poolers: ['n1'] }])
  const [primary, standby, pooler] = [fleet.instance('orders on n1'), fleet.instance('orders on n2'), fleet.pooler('orders pooler on n1')]
  const refusing = (one: { refusesLogin: boolean }) => async () => {
    one.refusesLogin = true
    return async () => {
      one.refusesLogin = false
    }
  }
  return {
    ports: fleet,
    primary: primary.inventory.address,
    standby: standby.inventory.address,
    pooler: pooler.inventory.address,
    database: 'orders',
    authFile: '/etc/pgbouncer/userlist.txt',
    password: 'secret',
    closePooler: refusing(pooler),
    refuseLogin: refusing(standby),
    refuseKey: powered(standby.host, 'refuses-key'),
    freeze: powered(standby.host, 'frozen'),
    cutOff: powered(standby.host, 'off'),
    cutOffPooler: powered(pooler.host, 'off'),
    stop: async () => {},
  }
})
