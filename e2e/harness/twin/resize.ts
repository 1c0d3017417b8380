import { heldIn, idOf, type MemoryFleet, type MemoryMachine, memoryFleet, putRecords } from '@/lib/adapters/memory'
import { recordSet } from '@/lib/domain/dns/records'

/** The name that the standbys share. */
export const readers = 'readers.prod.test'

const addressOf = (fleet: MemoryFleet, host: string) => fleet.host(host).server.address.address

/** A herd of three on machines, whose standbys n2 and n3 share a DNS name. */
export const resizeFleet = (): MemoryFleet => {
  const fleet = memoryFleet([{ environment: 'prod', name: 'demo', hosts: ['n1', 'n2', 'n3'], virtualHost: 'demo' }])
  const primary = [...fleet.world.names.values()][0]!
  const name = { ...primary, id: idOf(`name ${readers}`), title: readers, type: 'A', follows: 'standbys', carries: 'address' } as const
  fleet.world.names.set(name.id, name)
  const both = [addressOf(fleet, 'n2'), addressOf(fleet, 'n3')]
  putRecords(fleet.zone('prod.test'), readers, [recordSet(readers, 'A', both, name.ttlSeconds)])
  return fleet
}

export const machineOf = (fleet: MemoryFleet, host: string): MemoryMachine => fleet.host(host).machine!

/** Whether the name that the standbys share holds that host. */
export const isNamed = (fleet: MemoryFleet, host: string): boolean =>
  heldIn(fleet.zone('prod.test'), readers).some(({ values }) => values.includes(addressOf(fleet, host)))
