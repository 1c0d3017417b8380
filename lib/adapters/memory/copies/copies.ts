import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, InstanceAddress } from '@/lib/ports'
import type { CopiesAct, CopiesRead } from '@/lib/ports/copies'
import { find } from '../postgres/instances'
import { serverAt } from '../postgres/replication'
import { type Calls, perform, reach } from '../world/calls'
import { beginWork, isAtWork } from '../world/long-work'
import { flow, serves } from '../world/wal'
import { type Directory, inDirectory, type MemoryCopy, type MemoryInstance, type World, watchPrimaries } from '../world/world'
import { memoryBackupsAct, memoryBackupsRead } from './backups'
import { memoryInPlaceAct, memoryInPlaceRead } from './in-place'
import { memoryRewindsAct, memoryRewindsRead } from './rewinds'

const copyBytes = 2 ** 30

export const memoryCopiesRead = (world: World): CopiesRead => ({
  ...memoryRewindsRead(world),
  ...memoryInPlaceRead(world),
  ...memoryBackupsRead(world),
  look: async (address, { withSizes, ...options }) => {
    const instance = find(world, address)
    await reach(world.clock, instance.host, options)
    const { copy } = instance
    const whole = instance.state === 'absent' ? null : copyBytes
    return {
      places: [
        {
          what: 'data',
          path: address.dataDirectory,
          device: '1',
          freeBytes: instance.freeBytes,
          totalBytes: 2 ** 41,
          bytes: withSizes ? whole : null,
          because: null,
        },
      ],
      configuration: [],
      copy: {
        stage: copy?.stage ?? 'none',
        key: copy?.key ?? null,
        bytes: withSizes && copy !== null ? (copy.stage === 'unfinished' ? copyBytes / 2 : copyBytes) : null,
        paths: copy === null ? [] : [`${address.dataDirectory}.matriarch`],
        isRewinding: instance.isRewinding,
        inPlaceKey: instance.inPlaceKey,
      },
    }
  },
  configuration: async (address, options) => {
    await reach(world.clock, find(world, address).host, options)
    return []
  },
  commands: {
    start: (address, { key }) => [`pg_basebackup -D ${address.dataDirectory}.matriarch/new -l ${key}`],
    rewind: () => ['pg_rewind'],
    inPlace: ({ dataDirectory }) => [`rsync upstream:/ ${dataDirectory}/`],
    swapIn: ({ dataDirectory }) => [`mv ${dataDirectory}.matriarch/new ${dataDirectory}`],
    remove: ({ dataDirectory }, { keep }) => [
      keep ? `mv ${dataDirectory}.matriarch/old ${dataDirectory}.old.DATE` : `rm -rf ${dataDirectory}.matriarch`,
    ],
  },
})

export const memoryCopiesAct = (world: World, calls: Calls): CopiesAct => {
  const act = (address: InstanceAddress, name: string, options: CallOptions, action: (instance: MemoryInstance) => void): Promise<void> => {
    const instance = find(world, address)
    return perform(calls, world.clock, instance.host, { act: name, target: instance.inventory.title }, options, () => {
      action(instance)
      instance.applied.push(name)
      flow(world)
      watchPrimaries(world)
    })
  }
  const sourceOf = (conninfo: Readonly<Record<string, string>>): MemoryInstance => {
    const source = serverAt(world, conninfo)
    if (source === undefined || !serves(source)) throw failed('could not connect to server')
    return source
  }
  return {
    ...memoryRewindsAct(world, calls),
    ...memoryInPlaceAct(world, calls),
    ...memoryBackupsAct(world, act, directoryOf),
    start: (address, { key, source: { conninfo, slotName } }, options) =>
      act(address, 'copy', options, (instance) => {
        if (instance.copy !== null) throw failed(`a copy of ours (${instance.copy.key}) is there already`)
        const copy: MemoryCopy = { key, stage: 'unfinished', aside: null }
        const action = () => {
          const source = sourceOf(conninfo)
          if (slotName !== null && !source.slots.includes(slotName)) throw failed(`replication slot "${slotName}" does not exist`)
          const { following } = instance
          copy.aside = {
            ...directoryOf(source),
            state: 'stopped',
            hasStandbySignal: true,
            ranAsStandby: true,
            startProblem: null,
            following,
          }
          copy.stage = 'whole'
        }
        beginWork(world.clock, instance.host, key, { action })
        instance.copy = copy
      }),
    rewind: (address, source, key, options) =>
      act(address, 'rewind', options, (instance) => {
        const hadBegun = instance.isRewinding
        const action = () => {
          if (!isDown(instance)) throw failed('a server runs there')
          if (!hadBegun && instance.state !== 'stopped') throw failed('it was not shut down cleanly')
          if (!hadBegun && instance.inPlaceKey !== null) throw failed('it holds a backup_label')
          if (instance.holdsPassword) throw failed('primary_conninfo holds a password, which would be lost')
          const { timeline, forks, walBytes } = sourceOf(source.conninfo)
          Object.assign(instance, { timeline, forks: [...forks], walBytes, checkpointBytes: walBytes, hasStandbySignal: true, slots: [] })
          instance.following = structuredClone(source)
          instance.isRewinding = false
        }
        const actionOrNothing = () => {
          try {
            action()
          } catch (error) {
            // One that failed before it changed anything leaves no mark.
            instance.isRewinding = hadBegun
            throw error
          }
        }
        beginWork(world.clock, instance.host, key, { action: actionOrNothing })
        instance.isRewinding ||= instance.state === 'stopped' && instance.inPlaceKey === null
      }),
    swapIn: (address, key, options) =>
      act(address, 'swap in', options, (instance) => {
        const copy = mustHave(instance, key)
        if (copy.stage === 'swapped') return
        if (copy.stage !== 'whole') throw failed('the copy is not whole')
        mustBeDown(instance)
        swap(instance, copy)
        Object.assign(copy, { stage: 'swapped' })
        instance.isRewinding = false
      }),
    putBack: (address, key, options) =>
      act(address, 'put back', options, (instance) => {
        if (instance.copy === null) return
        const copy = mustHave(instance, key)
        if (copy.stage !== 'swapped') return
        mustBeDown(instance)
        swap(instance, copy)
        Object.assign(copy, { stage: 'whole' })
      }),
    remove: (address, key, { keep, ...options }) =>
      act(address, keep ? 'keep old' : 'remove copy', options, (instance) => {
        if (isAtWork(instance.host, key)) throw failed('its work still runs: end it first')
        if (instance.copy?.key === key) instance.copy = null
      }),
  }
}

const directoryOf = (instance: MemoryInstance): Directory =>
  structuredClone(Object.fromEntries(inDirectory.map((name) => [name, instance[name]])) as unknown as Directory)

const swap = (instance: MemoryInstance, copy: MemoryCopy): void => {
  const out = directoryOf(instance)
  Object.assign(instance, copy.aside)
  copy.aside = out
}

const mustHave = ({ copy }: MemoryInstance, key: string): MemoryCopy => {
  if (copy === null) throw failed('there is no copy of ours')
  if (copy.key !== key) throw failed(`the copy is another one's (${copy.key})`)
  return copy
}

const isDown = ({ state }: MemoryInstance): boolean => ['stopped', 'crashed', 'absent'].includes(state)

const mustBeDown = (instance: MemoryInstance): void => {
  if (!isDown(instance)) throw failed('a server runs there')
}

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })
