import { asRds, type MemoryFleet, memoryFleet } from '@/lib/adapters/memory'
import type { MemoryDbInstance } from '@/lib/adapters/memory/world/db-instance'

/** A herd of a DB instance of RDS (db1) and its read replica (db2). */
export const rdsFleet = (): MemoryFleet => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'shop', hosts: ['db1', 'db2'] }])
  asRds(fleet.world, ['db1', 'db2'])
  return fleet
}

/** Another herd beside it, of one DB instance that nothing replicates from. */
export const singleRds = (): MemoryFleet => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'shop', hosts: ['db1'] }])
  asRds(fleet.world, ['db1'])
  return fleet
}

export const dbOf = (fleet: MemoryFleet, host: string): MemoryDbInstance => fleet.host(host).db!
