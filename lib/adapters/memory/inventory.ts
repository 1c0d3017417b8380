import { Fault } from '@/lib/kernel/errors'
import type { InventoryRead } from '@/lib/ports'
import type { World } from './world'

export const memoryInventory = (world: World): InventoryRead => ({
  instance: async (id) => {
    const instance = world.instances.get(id)
    if (instance === undefined) throw new Fault('record.missing')
    return instance.inventory
  },
  herdInstances: async (herdId) =>
    [...world.instances.values()]
      .map((one) => one.inventory)
      .filter((one) => one.herdId === herdId)
      .sort((a, b) => (a.title < b.title ? -1 : 1)),
  server: async (id) => {
    const host = [...world.hosts.values()].find((one) => one.server.id === id)
    if (host === undefined) throw new Fault('record.missing')
    return host.server
  },
  name: async (id) => {
    const name = world.names.get(id)
    if (name === undefined) throw new Fault('record.missing')
    return name
  },
  herdNames: async (herdId) =>
    [...world.names.values()].filter((one) => one.herdId === herdId).sort((a, b) => (a.title < b.title ? -1 : 1)),
  zone: async (id) => {
    const zone = world.zones.get(id)
    if (zone === undefined) throw new Fault('record.missing')
    return zone.inventory
  },
})
