import { type Sample, saveSamples } from '@/db/samples/save'
import {
  type DiskLook,
  fillRate,
  fillSeconds,
  type HostCounters,
  hostFigures,
  type InstanceCounters,
  instanceFigures,
} from '@/lib/domain/samples/rates'
import { sampleEveryMs } from '@/lib/domain/samples/steps'
import { isFault } from '@/lib/kernel/ground/errors'
import type { HostFacts, InventoryInstance, PostgresRead } from '@/lib/ports'
import type { Log } from '../queue/log'

/** A server that does not answer this statement by then has more pressing things to do: that sample is a gap. */
const timeoutMs = 3000
/** What was sampled within this time is written together. */
const writeEveryMs = 2000
/** A little early, since looks do not come to the millisecond. */
const early = 0.9

/** How long from when things were seen, by a clock that does not step. */
type Kept = Omit<Sample, 'secondsAgo'> & { at: number }

/**
 * Samples instances that a look has just found online, on the session that the look left warm, and hosts from the facts they gave; writes them in batches.
 * What cannot be written is dropped: a gap is honest, a queue that grows is not.
 */
export const makeSampler = ({
  counters,
  log,
  save = saveSamples,
  now = () => performance.now(),
}: {
  counters: PostgresRead['counters']
  log: Log
  save?: (samples: readonly Sample[]) => Promise<void>
  now?: () => number
}) => {
  const instances = new Map<string, { dueAt: number; before: InstanceCounters | null; isBusy: boolean }>()
  const hosts = new Map<string, { before: HostCounters | null; disks: DiskLook[] }>()
  let unsampled: ReadonlySet<string> = new Set()
  let everyMs = sampleEveryMs(0)
  let waiting: Kept[] = []
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()
  let isFailing = false

  const write = async (): Promise<void> => {
    if (timer) clearTimeout(timer)
    timer = null
    const some = waiting
    waiting = []
    try {
      await save(some.map(({ at, ...rest }) => ({ ...rest, secondsAgo: (now() - at) / 1000 })))
      if (isFailing) log.info({}, 'samples are written again')
      isFailing = false
    } catch (err) {
      if (!isFailing) log.warn({ err }, 'samples could not be written and are dropped')
      isFailing = true
    }
  }
  const add = (sample: Kept): void => {
    waiting.push(sample)
    timer ??= setTimeout(() => {
      writing = writing.then(write)
    }, writeEveryMs)
  }

  const ask = async ({ id, address }: InventoryInstance, signal: AbortSignal): Promise<void> => {
    const kept = instances.get(id) ?? { dueAt: 0, before: null, isBusy: false }
    instances.set(id, Object.assign(kept, { isBusy: true, dueAt: now() + everyMs * early }))
    try {
      const seen = await counters(address, { timeoutMs, signal })
      add({ subject: id, at: now(), figures: instanceFigures(kept.before, seen) })
      kept.before = seen
    } catch (error) {
      if (!isFault(error)) throw error
    } finally {
      kept.isBusy = false
    }
  }

  return {
    /** What this observer looks after, and which servers belong to environments that keep no samples. */
    load: (ids: readonly string[], unsampledServers: readonly string[]): void => {
      const known = new Set(ids)
      for (const kept of [instances, hosts]) for (const id of kept.keys()) if (!known.has(id)) kept.delete(id)
      unsampled = new Set(unsampledServers)
      everyMs = sampleEveryMs(known.size)
    },
    /** Returns what to wait for; null: not due, or its environment keeps none. */
    offer: (instance: InventoryInstance, signal: AbortSignal): Promise<void> | null => {
      const kept = instances.get(instance.id)
      if (unsampled.has(instance.serverId) || kept?.isBusy || now() < (kept?.dueAt ?? 0)) return null
      return ask(instance, signal)
    },
    addHost: (serverId: string, facts: HostFacts): void => {
      if (unsampled.has(serverId)) return
      const kept = hosts.get(serverId) ?? { before: null, disks: [] }
      hosts.set(serverId, kept)
      const at = now()
      const seen: HostCounters = { ...facts, at: at / 1000 }
      if (facts.diskBytes !== null && facts.diskFreeBytes !== null) {
        kept.disks.push({ at: seen.at, bytes: facts.diskBytes, usedBytes: facts.diskBytes - facts.diskFreeBytes })
        kept.disks = kept.disks.filter((one) => seen.at - one.at <= fillSeconds)
      }
      add({ subject: serverId, at, figures: hostFigures(kept.before, seen, fillRate(kept.disks)) })
      kept.before = seen
    },
    /** Writes what is there. */
    close: async (): Promise<void> => {
      await writing
      await write()
    },
  }
}
