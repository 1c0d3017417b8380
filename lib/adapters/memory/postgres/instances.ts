import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import { type Calls, perform, reach } from '../world/calls'
import { flow } from '../world/wal'
import { type MemoryInstance, type World, watchPrimaries } from '../world/world'

type Options = { timeoutMs: number; signal?: AbortSignal }

/** Throws `record.missing`. */
export const find = (world: World, address: InstanceAddress): MemoryInstance => {
  const instance = world.instances.get(address.instanceId)
  if (instance === undefined) throw new Fault('record.missing', { because: `There is no instance ${address.instanceId}.` })
  return instance
}

/** Over its host; throws as that does. */
export const reached = async (world: World, address: InstanceAddress, options: Options): Promise<MemoryInstance> => {
  const instance = find(world, address)
  await reach(world.clock, instance.host, options)
  return instance
}

/** An action on an instance, after which WAL flows to its standbys. */
export const actingOn =
  (world: World, calls: Calls) =>
  <T>(address: InstanceAddress, name: string, options: Options, action: (instance: MemoryInstance) => T | Promise<T>): Promise<T> => {
    const instance = find(world, address)
    return perform(calls, world.clock, instance.host, { act: name, target: instance.inventory.title }, options, async () => {
      const answer = await action(instance)
      flow(world)
      watchPrimaries(world)
      return answer
    })
  }
