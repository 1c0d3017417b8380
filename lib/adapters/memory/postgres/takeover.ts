import { formatLsn, parseLsn } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions } from '@/lib/ports'
import type { TakeoverAct, TakeoverRead } from '@/lib/ports/takeover'
import { type Calls, reach } from '../world/calls'
import { dropFrozen, heldUpMs, recordBytes, startTimeline, writeShutdown } from '../world/wal'
import type { MemoryInstance, World } from '../world/world'
import { actingOn, find } from './instances'
import { isServing } from './probe'

const lookEveryMs = 2
const lsn = (bytes: number): string => formatLsn(BigInt(bytes))

export const memoryTakeoverRead = (world: World): TakeoverRead => ({
  readyToStop: async (address, options) => reach(world.clock, find(world, address).host, options),
  untilReplayed: async (address, mark, options) => {
    const instance = find(world, address)
    const endsAt = world.clock.now().getTime() + options.timeoutMs
    for (;;) {
      await reach(world.clock, instance.host, options)
      mustServe(instance)
      if (!instance.hasStandbySignal || BigInt(instance.walBytes) > parseLsn(mark)!) return lsn(instance.walBytes)
      if (world.clock.now().getTime() >= endsAt)
        throw new Fault('sql.timeout', {
          isOver: true,
          because: `It has replayed to ${lsn(instance.walBytes)}, and the last record is at ${mark}.`,
        })
      await world.clock.sleep(lookEveryMs, options.signal)
    }
  },
})

export const memoryTakeoverAct = (world: World, calls: Calls): TakeoverAct => {
  const act = actingOn(world, calls)
  return {
    writeRecord: (address, options) =>
      act(address, 'write a record', options, (instance) => {
        mustServe(instance)
        if (instance.hasStandbySignal) throw new Fault('sql.failed', { isOver: true, because: 'cannot write during recovery' })
        instance.walBytes += recordBytes
        return lsn(instance.walBytes)
      }),
    stopAsStandby: (address, options) =>
      act(address, 'stop as standby', options, async (instance) => {
        if (instance.state !== 'running') throw new Fault('shell.failed', { isOver: true, because: 'no server runs' })
        if (instance.hasStandbySignal) throw new Fault('shell.failed', { because: 'the server ended, and it was no primary' })
        await heldUp(world, instance, options)
        writeShutdown(world, instance)
        Object.assign(instance, { ranAsStandby: false, state: 'stopped', clients: 0, activeTransactions: 0, hasStandbySignal: true })
        instance.applied.push('stop fast', 'fence')
        const end = { controlState: 'shut down', checkpointLsn: lsn(instance.checkpointBytes), timeline: instance.timeline }
        options.onShutDown?.(end)
        return end
      }),
    promoteAndCommit: (address, options) =>
      act(address, 'take over', options, (instance) => {
        mustServe(instance)
        if (instance.hasStandbySignal) {
          startTimeline(instance)
          instance.applied.push('promote')
        }
        instance.applied.push('write')
        return { lsn: lsn(instance.walBytes), timeline: instance.timeline }
      }),
  }
}

/** Nobody writes any more and nobody is served, until its walsenders have sent all or have given up; that goes on past the deadline. */
export const heldUp = async (world: World, instance: MemoryInstance, { timeoutMs, signal }: CallOptions): Promise<void> => {
  const ms = heldUpMs(world, instance)
  if (ms === 0) return
  instance.state = 'stopping'
  if (ms > timeoutMs) {
    void world.clock.sleep(ms).then(() => {
      dropFrozen(world, instance)
      writeShutdown(world, instance)
      Object.assign(instance, { ranAsStandby: instance.hasStandbySignal, state: 'stopped' })
    })
    await world.clock.sleep(timeoutMs, signal)
    throw new Fault('shell.timeout', { because: `${instance.inventory.title} did not shut down within ${timeoutMs / 1000} s.` })
  }
  await world.clock.sleep(ms, signal)
  dropFrozen(world, instance)
}

const mustServe = (instance: MemoryInstance): void => {
  if (isServing(instance) && !instance.refusesLogin) return
  throw new Fault('sql.unreachable', { isOver: true, because: `${instance.inventory.title} does not accept connections.` })
}
