import { memoryFleet } from '@/lib/adapters/memory'
import { copiesContract } from './copies-contract'

copiesContract('in memory', async () => {
  const fleet = memoryFleet([{ environment: 'dev', name: 'demo', hosts: ['n1', 'n2'] }])
  const [source, standby] = [fleet.instance('demo on n1'), fleet.instance('demo on n2')]
  const statement = { database: 'postgres', statementTimeoutMs: 1000, rowsMax: 1, bytesMax: 1000, onTransaction: async () => {} }
  return {
    ports: fleet,
    source: source.inventory.address,
    standby: standby.inventory.address,
    following: standby.following!,
    write: async (instance) => void (await fleet.act.postgres.execute(instance, 'select 1', statement)),
    cutOff: async () => {
      standby.host.power = 'off'
      return async () => {
        standby.host.power = 'on'
      }
    },
    stop: async () => {},
  }
})
