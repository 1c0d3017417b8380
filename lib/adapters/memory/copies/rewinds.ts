import { parseLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { InstanceAddress } from '@/lib/ports'
import type { RewindsAct, RewindsRead } from '@/lib/ports/rewinds'
import { find, reached } from '../postgres/instances'
import { serverAt } from '../postgres/replication'
import { type Calls, perform } from '../world/calls'
import { beginWork } from '../world/long-work'
import { serves } from '../world/wal'
import type { MemoryInstance, World } from '../world/world'

const segmentBytes = 16 * 2 ** 20

/** The one that holds all that was written, or the first name that is free. */
const tailPlace = ({ tails, timeline, walBytes, state }: MemoryInstance, { dataDirectory }: InstanceAddress, forkLsn: string) => {
  const first = `${dataDirectory}.diverged-${forkLsn.replace('/', '-')}`
  for (let count = 1; ; count += 1) {
    const path = count === 1 ? first : `${first}.${count}`
    const saved = tails.get(path)
    if (saved === undefined) return { path, isSaved: false }
    const isLeft = BigInt(walBytes) > parseLsn(forkLsn)!
    const holdsAll = !isLeft || (saved.timeline === timeline && saved.walBytes === walBytes)
    if (state !== 'running' && holdsAll) return { path, isSaved: true }
  }
}

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
    return { ...tailPlace(instance, address, forkLsn), hasStart: true, because: null, freeBytes: instance.freeBytes }
  },
  savedTail: async (address, forkLsn, options) => {
    const instance = await reached(world, address, options)
    const { path, isSaved } = tailPlace(instance, address, forkLsn)
    return isSaved ? { path, files: 1, bytes: segmentBytes, manifest: `${path}/manifest.json` } : null
  },
})

export const memoryRewindsAct = (world: World, calls: Calls): RewindsAct => ({
  saveTail: (address, forkLsn, key, options) => {
    const instance = find(world, address)
    return perform(calls, world.clock, instance.host, { act: 'save tail', target: instance.inventory.title }, options, () => {
      const action = () => {
        const { path, isSaved } = tailPlace(instance, address, forkLsn)
        if (isSaved) return
        if (instance.state !== 'stopped' && instance.state !== 'crashed')
          throw new Fault('shell.failed', { isOver: true, because: 'a server runs there' })
        if (instance.applied.some((one) => one === 'rewind'))
          throw new Fault('shell.failed', { isOver: true, because: 'no WAL past the fork is left' })
        instance.tails.set(path, { timeline: instance.timeline, walBytes: instance.walBytes })
      }
      beginWork(world.clock, instance.host, key, { action })
      instance.applied.push('save tail')
    })
  },
})
