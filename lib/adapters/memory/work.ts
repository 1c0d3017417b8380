import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, HostAddress } from '@/lib/ports'
import type { HostWorkAct, HostWorkRead, HostWorkSeen } from '@/lib/ports/host-work'
import { type Calls, perform, reach } from './world/calls'
import { beginWork, isAtWork } from './world/long-work'
import { hostAt } from './world/reached-host'
import type { MemoryHost, MemoryWork, World } from './world/world'

export const memoryWorkRead = (world: World): HostWorkRead => ({
  look: async (address, key, { waitMs = 0, ...options }) => {
    const host = hostAt(world, address)
    await reach(world.clock, host, options)
    const leftMs = isAtWork(host, key) ? host.work.get(key)!.endsAtMs - world.clock.now().getTime() : 0
    if (waitMs > 0 && leftMs > 0) {
      await world.clock.sleep(Math.min(waitMs, leftMs), options.signal)
      await reach(world.clock, host, options)
    }
    return seen(host.work.get(key))
  },
})

const seen = (work: MemoryWork | undefined): HostWorkSeen =>
  work === undefined
    ? { state: 'absent', exitCode: null, startedAt: null, tail: '' }
    : {
        state: work.exitCode === null ? 'running' : 'ended',
        exitCode: work.exitCode,
        startedAt: work.startedAt.toISOString(),
        tail: work.output.slice(-4096),
      }

export const memoryWorkAct = (world: World, calls: Calls): HostWorkAct => {
  const act = (
    address: HostAddress,
    name: string,
    key: string,
    options: CallOptions,
    action: (host: MemoryHost) => void,
  ): Promise<void> => {
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$/.test(key)) throw new Fault('input.invalid', { because: `“${key}” is no name of work.` })
    const host = hostAt(world, address)
    return perform(calls, world.clock, host, { act: `${name} work`, target: address.hostname }, options, () => action(host))
  }
  return {
    launch: async (address, key, argv, options) =>
      act(address, 'launch', key, options, (host) => beginWork(world.clock, host, key, world.work(argv, host))),
    end: async (address, key, options) =>
      act(address, 'end', key, options, (host) => {
        const work = host.work.get(key)
        if (work?.exitCode === null) work.exitCode = 143
      }),
    forget: async (address, key, options) =>
      act(address, 'forget', key, options, (host) => {
        if (isAtWork(host, key)) throw failed('it still runs: end it first')
        host.work.delete(key)
      }),
  }
}

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })
