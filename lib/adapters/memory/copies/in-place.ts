import { Fault } from '@/lib/kernel/ground/errors'
import type { InPlaceAct, InPlaceRead } from '@/lib/ports'
import { find, reached } from '../postgres/instances'
import { type Calls, perform } from '../world/calls'
import { flow, serves } from '../world/wal'
import { type MemoryInstance, type World, watchPrimaries } from '../world/world'

const comparedBytes = 2 ** 30
const movedBytes = 2 ** 27
/** It fails once nothing comes through for so long, whatever its deadline. */
const silenceMs = 450_000

export const memoryInPlaceRead = (world: World): InPlaceRead => ({
  tryInPlace: async (address, upstream, options) => {
    const [{ refusesInPlace }] = await Promise.all([reached(world, address, options), reached(world, upstream, options)])
    return refusesInPlace === null ? { works: true } : { works: false, because: refusesInPlace }
  },
})

export const memoryInPlaceAct = (world: World, calls: Calls): InPlaceAct => ({
  beginInPlace: (address, { key }, options) => {
    const instance = find(world, address)
    return perform(calls, world.clock, instance.host, { act: 'begin in place', target: instance.inventory.title }, options, () => {
      mustBeDown(instance)
      if (instance.inPlaceKey === key) return
      Object.assign(instance, { inPlaceKey: key, isRewinding: false })
      instance.applied.push('begin in place')
    })
  },
  fillInPlace: (address, { key, upstream }, { onProgress, timeoutMs, signal }) => {
    const instance = find(world, address)
    const options = { timeoutMs: Math.min(timeoutMs, silenceMs), signal }
    return perform(calls, world.clock, instance.host, { act: 'fill in place', target: instance.inventory.title }, options, () => {
      mustBeDown(instance)
      if (instance.inPlaceKey !== key) throw failed(`the data directory does not carry the mark ${key}`)
      const source = find(world, upstream)
      if (!serves(source)) throw failed('could not connect to server')
      onProgress?.(comparedBytes / 2)
      const { systemIdentifier, timeline, walBytes, forks } = source
      Object.assign(instance, { systemIdentifier, timeline, walBytes, checkpointBytes: walBytes, forks: structuredClone(forks) })
      Object.assign(instance, {
        state: 'stopped',
        hasStandbySignal: true,
        ranAsStandby: true,
        startProblem: null,
        slots: [],
        inPlaceKey: null,
      })
      instance.applied.push('fill in place')
      flow(world)
      watchPrimaries(world)
      return { bytes: comparedBytes, moved: movedBytes }
    })
  },
})

const mustBeDown = ({ state }: MemoryInstance): void => {
  if (state !== 'stopped' && state !== 'crashed') throw failed('a server runs there')
}

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })
