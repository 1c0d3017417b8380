import { readerLines, readerRole, sameLines } from '@/lib/domain/reader/reader-role'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InstanceAddress, ReadersAct, ReadersRead } from '@/lib/ports'
import type { Calls } from '../world/calls'
import type { MemoryInstance, World } from '../world/world'
import { actingOn, reached } from './instances'
import { isServing } from './probe'

const mustServe = (instance: MemoryInstance): MemoryInstance => {
  if (isServing(instance) && !instance.refusesLogin) return instance
  throw new Fault('sql.unreachable', { because: `${instance.inventory.title} does not accept the connection.`, isOver: true })
}

const failed = (because: string) => new Fault('sql.failed', { because, isOver: true })

/** Why the server refuses the reader; null: it lets it in. */
export const whyNoReader = (world: World, { activeReaderLines, inventory, systemIdentifier }: MemoryInstance): string | null => {
  if (!sameLines(activeReaderLines, readerLines(inventory.address.host.user))) return `Peer authentication failed for user "${readerRole}"`
  return world.readers.has(systemIdentifier) ? null : `role "${readerRole}" does not exist`
}

/** What the primary knows every standby knows at once. */
export const memoryReadersRead = (world: World): ReadersRead => {
  const serving = async (address: InstanceAddress, options: CallOptions) => mustServe(await reached(world, address, options))
  return {
    role: async (address, options) => {
      const role = world.readers.get((await serving(address, options)).systemIdentifier)
      return role === undefined ? null : { ...role, excess: [...role.excess] }
    },
    files: async (address, options) => {
      const { readerLines: lines, holdsPassword } = await serving(address, options)
      const folder = `/etc/postgresql/${address.major ?? '15'}/${address.clusterName}`
      return { hbaFile: `${folder}/pg_hba.conf`, identFile: `${folder}/pg_ident.conf`, lines, problem: null, showsPassword: holdsPassword }
    },
    login: async (address, _database, options) => {
      const instance = await serving(address, options)
      const because = whyNoReader(world, instance)
      if (because !== null) return { works: false, because }
      return { works: true, excess: [...world.readers.get(instance.systemIdentifier)!.excess], openDoors: [] }
    },
  }
}

export const memoryReadersAct = (world: World, calls: Calls): ReadersAct => {
  const act = actingOn(world, calls)
  return {
    make: (address, key, options) =>
      act(address, 'make reader', options, (instance) => {
        mustServe(instance)
        if (instance.hasStandbySignal) throw failed('cannot set transaction read-write mode during recovery')
        if (world.readers.has(instance.systemIdentifier)) throw failed(`role "${readerRole}" already exists`)
        world.readers.set(instance.systemIdentifier, { madeBy: key, excess: [] })
      }),
    drop: (address, key, options) =>
      act(address, 'drop reader', options, (instance) => {
        mustServe(instance)
        if (instance.hasStandbySignal) throw failed('cannot set transaction read-write mode during recovery')
        if (world.readers.get(instance.systemIdentifier)?.madeBy === key) world.readers.delete(instance.systemIdentifier)
      }),
    write: (address, lines, options) =>
      act(address, 'write reader lines', options, (instance) => {
        mustServe(instance)
        instance.readerLines = lines
      }),
  }
}
