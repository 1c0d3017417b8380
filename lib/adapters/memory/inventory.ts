import { formatLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InventoryAct, InventoryRead, Replacement } from '@/lib/ports'
import { type Calls, perform } from './calls'
import { makeHost } from './make-world'
import type { World } from './world'

export const memoryInventory = (world: World): InventoryRead => ({
  instance: async (id) => {
    const instance = world.instances.get(id)
    if (instance?.isRegistered !== true) throw new Fault('record.missing')
    return instance.inventory
  },
  herdInstances: async (herdId) =>
    [...world.instances.values()]
      .filter((one) => one.isRegistered)
      .map((one) => one.inventory)
      .filter((one) => one.herdId === herdId)
      .sort((a, b) => (a.title < b.title ? -1 : 1)),
  herdIn: async (environmentId, idOrName) =>
    [...world.herds.values()].find((one) => one.environmentId === environmentId && [one.id, one.name].includes(idOrName)) ?? null,
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
  pooler: async (id) => {
    const pooler = world.poolers.get(id)
    if (pooler === undefined) throw new Fault('record.missing')
    return pooler.inventory
  },
  herdPoolers: async (herdId) =>
    [...world.poolers.values()]
      .map((one) => one.inventory)
      .filter(({ herds }) => herds.some(({ id }) => id === herdId))
      .sort((a, b) => (a.title < b.title ? -1 : 1)),
  herdStanding: async (herdId) => {
    const members = [...world.instances.values()]
      .filter((one) => one.isRegistered && one.inventory.herdId === herdId)
      .sort((a, b) => (a.inventory.title < b.inventory.title ? -1 : 1))
    const herd = world.herds.get(herdId)
    if (herd === undefined) throw new Fault('record.missing')
    return {
      herdId,
      name: herd.name,
      environmentId: herd.environmentId,
      environmentName: herd.environmentName,
      preferredSite: '',
      systemIdentifier: members[0]?.systemIdentifier ?? null,
      members: members.map((one) => ({
        id: one.inventory.id,
        site: '',
        failoverPriority: one.failoverPriority,
        lastRole: one.hasStandbySignal ? 'standby' : 'primary',
        lastTimeline: one.timeline,
        lastLsn: formatLsn(BigInt(one.walBytes)),
        seenAt: one.wasSeen ? world.clock.now().toISOString() : null,
        isUnreachable: false,
        replaced: one.replaced,
      })),
    }
  },
})

/** The metadata database is no host of the fleet: it answers whatever is off. */
const metadata = makeHost('console', 'metadata')

export const memoryInventoryAct = (world: World, calls: Calls): InventoryAct => {
  const act = <T>(name: string, id: string, options: { timeoutMs: number; signal?: AbortSignal }, action: () => T) =>
    perform(
      calls,
      world.clock,
      metadata,
      { act: name, target: world.instances.get(id)?.inventory.title ?? world.poolers.get(id)?.inventory.title ?? id },
      options,
      action,
    )
  const find = (id: string) => {
    const instance = world.instances.get(id)
    if (instance === undefined) throw new Fault('record.missing')
    return instance
  }
  const findPooler = (id: string) => {
    const pooler = world.poolers.get(id)
    if (pooler === undefined) throw new Fault('record.missing')
    return pooler
  }
  const set = (name: string, id: string, replaced: Replacement | null, options: { timeoutMs: number; signal?: AbortSignal }) =>
    act(name, id, options, () => {
      find(id).replaced = replaced
    })
  return {
    replace: (id, by, options) => set('replace', id, by, options),
    restore: (id, options) => set('restore', id, null, options),
    register: ({ id }, options) =>
      act('register', id, options, () => {
        find(id).isRegistered = true
      }),
    unregister: (id, options) =>
      act('unregister', id, options, () => {
        find(id).isRegistered = false
      }),
    claimPooler: (id, options) =>
      act('claim', id, options, () => {
        const pooler = findPooler(id)
        pooler.claimed += 1
        return pooler.claimed
      }),
    managePooler: (id, template, options) =>
      act('manage', id, options, () => {
        Object.assign(findPooler(id).inventory, { template, isManaged: template !== null })
      }),
  }
}
