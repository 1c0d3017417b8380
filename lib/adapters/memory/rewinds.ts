import { Fault } from '@/lib/kernel/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { RewindsAct, RewindsRead } from '@/lib/ports/rewinds'
import { type Calls, perform } from './calls'
import { find, reached } from './instances'
import { beginWork } from './long-work'
import { serverAt } from './replication'
import { serves } from './wal'
import type { World } from './world'

const segmentBytes = 16 * 2 ** 20

const tailPath = ({ dataDirectory }: InstanceAddress, forkLsn: string): string => `${dataDirectory}.diverged-${forkLsn.replace('/', '-')}`

export const memoryRewindsRead = (world: World): RewindsRead => ({
  tryRewind: async (address, { conninfo }, options) => {
    const instance = await reached(world, address, options)
    const source = serverAt(world, conninfo)
    if (source === undefined || !serves(source) || instance.isCut)
      return { works: false, because: `connection to server at "${conninfo.host}", port ${conninfo.port} failed` }
    return source.refusesRewind === null ? { works: true } : { works: false, because: source.refusesRewind }
  },
  tail: async (address, forkLsn, options) => {
    const instance = await reached(world, address, options)
    const path = tailPath(address, forkLsn)
    return { path, isSaved: instance.tails.has(path), hasStart: true, because: null, freeBytes: instance.freeBytes }
  },
  savedTail: async (address, forkLsn, options) => {
    const instance = await reached(world, address, options)
    const path = tailPath(address, forkLsn)
    return instance.tails.has(path) ? { path, files: 1, bytes: segmentBytes, manifest: `${path}/manifest.json` } : null
  },
})

export const memoryRewindsAct = (world: World, calls: Calls): RewindsAct => ({
  saveTail: (address, forkLsn, key, options) => {
    const instance = find(world, address)
    return perform(calls, world.clock, instance.host, { act: 'save tail', target: instance.inventory.title }, options, () => {
      const deed = () => {
        const path = tailPath(address, forkLsn)
        if (instance.tails.has(path)) return
        if (instance.state !== 'stopped' && instance.state !== 'crashed')
          throw new Fault('shell.failed', { isOver: true, because: 'a server runs there' })
        if (instance.applied.some((one) => one === 'rewind'))
          throw new Fault('shell.failed', { isOver: true, because: 'no WAL past the fork is left' })
        instance.tails.add(path)
      }
      beginWork(world.clock, instance.host, key, { deed })
      instance.applied.push('save tail')
    })
  },
})
