import type { InventoryStage } from '@/lib/adapters/contract/inventory-contract'
import { idOf, memoryFleet } from '@/lib/adapters/memory'

/** The fleet of the suite, in memory: what is registered on both of its stages, under the same ids. */
export const inventoryFleet = () => {
  const fleet = memoryFleet([
    { environment: 'prod', name: 'shop', hosts: ['n1', 'n2', 'n3'], virtualHost: 'shop', poolers: ['n1'], sharedPoolers: ['n4'] },
    { environment: 'prod', name: 'wareHouse', hosts: ['n4'], port: 5500, poolers: ['n4'] },
  ])
  const { world } = fleet
  const [shop] = [...world.names.values()]
  for (const type of ['AAAA', 'A'] as const) {
    const id = idOf(`name db ${type}`)
    world.names.set(id, { ...shop!, id, title: 'db.prod.test', type, carries: 'address' })
  }
  const inEnvironment = (name: string) => ({ id: idOf(`prod/${name}`), name })
  const free = fleet.host('n4').server
  const stage: Omit<InventoryStage, 'ports' | 'hold' | 'stop'> = {
    environmentId: idOf('prod'),
    herd: inEnvironment('shop'),
    members: ['shop on n1', 'shop on n2', 'shop on n3'].map((title) => ({ id: idOf(title), title })),
    otherHerd: inEnvironment('wareHouse'),
    freeServer: { id: free.id, title: free.title },
    names: [
      { id: idOf('name db A'), title: 'db.prod.test', type: 'A' },
      { id: idOf('name db AAAA'), title: 'db.prod.test', type: 'AAAA' },
      { id: shop!.id, title: shop!.title, type: shop!.type },
    ],
    zone: { id: shop!.zone.zoneId, title: 'prod.test' },
    poolers: ['shop pooler on n1', 'wareHouse pooler on n4'].map((title) => ({ id: idOf(title), title })),
    newcomer: {
      id: idOf('the newcomer'),
      herdId: idOf('prod/shop'),
      serverId: free.id,
      port: 5432,
      dataDirectory: '/data/newcomer',
      jobId: idOf('a job'),
    },
  }
  return { fleet, stage }
}
