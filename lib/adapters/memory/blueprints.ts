import { Fault } from '@/lib/kernel/ground/errors'
import type { BlueprintsRead, InventoryBlueprint, MovedMembers, NewLaunch, NewStandby } from '@/lib/ports'
import type { World } from './world/world'

export const memoryBlueprints = ({ launches: { blueprints } }: World): BlueprintsRead => ({
  blueprint: async (id) => found(blueprints, id),
  choicesIn: async (id, zone) => {
    const { choices, standbyChoices } = found(blueprints, id)
    const there = [...choices, ...standbyChoices].filter((one) => one.zone === null || one.zone === zone).map((one) => ({ ...one, zone }))
    return there.filter((one, at) => at === there.findIndex(({ type, market }) => type === one.type && market === one.market))
  },
})

const found = (blueprints: ReadonlyMap<string, InventoryBlueprint>, id: string): InventoryBlueprint => {
  const one = blueprints.get(id)
  if (one === undefined) throw new Fault('record.missing', { because: 'The blueprint is not registered any more.', isOver: true })
  return one
}

/** All of it or nothing, as one transaction. What runs on the host becomes registered. */
export const addLaunch = (world: World, { blueprintId, herd, members }: NewLaunch): void => {
  const blueprint = found(world.launches.blueprints, blueprintId)
  if (blueprint.herd !== null) {
    if (blueprint.herd.id === herd.id) return
    throw new Fault('record.duplicate', { because: 'Another herd was launched from the blueprint.', isOver: true })
  }
  const { environmentId, environmentName } = blueprint
  if ([...world.herds.values()].some((one) => one.environmentId === environmentId && one.name === herd.name))
    throw new Fault('record.duplicate', { because: 'A herd of that name was registered meanwhile.', isOver: true })
  const { id, name, clusterName: baseName, port, dataDirectory, systemIdentifier } = herd
  world.herds.set(id, { id, name, environmentId, environmentName, baseName, port, dataDirectory, systemIdentifier })
  for (const one of members) addMember(world, { id, name }, one)
  world.launches.blueprints.set(blueprintId, { ...blueprint, herd: { id, name } })
}

const addMember = (
  world: World,
  { id, name }: { id: string; name: string },
  { serverId, instanceId, hostname }: NewLaunch['members'][number],
): void => {
  const [host, instance] = [world.hosts.get(hostname)!, world.instances.get(instanceId)!]
  host.isUnregistered = false
  Object.assign(host.server, { id: serverId, address: { ...host.server.address, serverId } })
  Object.assign(instance.inventory, { herdId: id, herdName: name, serverId, title: `${name} on ${hostname}` })
  Object.assign(instance, { isRegistered: true, wasSeen: true })
  instance.applied.push('registered')
}

export const addStandby = (world: World, { blueprintId, herdId, member }: NewStandby): void => {
  const { herd } = found(world.launches.blueprints, blueprintId)
  if (herd?.id !== herdId) throw new Fault('record.missing', { because: 'The herd is not registered any more.', isOver: true })
  addMember(world, herd, member)
}

export const dropLaunch = (world: World, { blueprintId, herdId }: { blueprintId: string; herdId: string }): void => {
  for (const [key, { inventory, host }] of world.instances) {
    if (inventory.herdId !== herdId) continue
    world.instances.delete(key)
    world.hosts.delete(host.server.title)
  }
  world.herds.delete(herdId)
  const blueprint = found(world.launches.blueprints, blueprintId)
  if (blueprint.herd?.id === herdId) world.launches.blueprints.set(blueprintId, { ...blueprint, herd: null })
}

export const moveMembers = (world: World, { members }: MovedMembers): void => {
  for (const { serverId, address, hostKey } of members) {
    const hosts = [...world.hosts].filter(([, { server }]) => server.id === serverId)
    const next = [...world.hosts.values()].find(({ server }) => server.address.address === address && server.address.hostKey === hostKey)
    const host = next ?? hosts[0]?.[1]
    if (host === undefined || hosts.length === 0)
      throw new Fault('record.missing', { because: 'The server is not registered any more.', isOver: true })
    // Another machine has come in its place.
    for (const [key, one] of hosts) if (one !== host) world.hosts.delete(key)
    host.isUnregistered = false
    Object.assign(host.server, { id: serverId, address: { ...host.server.address, serverId, address, hostKey } })
    for (const one of world.instances.values())
      if (one.host === host) one.inventory = { ...one.inventory, address: { ...one.inventory.address, host: host.server.address } }
  }
}

export const noteRest = (world: World, { blueprintId, isStopped }: { blueprintId: string; isStopped: boolean }): void => {
  const blueprint = found(world.launches.blueprints, blueprintId)
  world.launches.blueprints.set(blueprintId, { ...blueprint, stoppedAt: isStopped ? world.clock.stamp() : null })
}
