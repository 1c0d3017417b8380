import { dueStack, keepStackLook } from '@/db/stacks/drift'
import { isFault } from '@/lib/kernel/ground/errors'
import { lookForDrift } from '@/lib/operations/stack/look'
import type { ReadPorts } from '@/lib/ports'
import type { Log } from '../queue/log'
import { repeatInOneWorker } from './in-one-worker'

/** One cluster a round, so that however many are due their hosts are asked one after the other. */
const everyMs = 60_000
const leaseTtlMs = 300_000

/** Compares every built cluster with its declaration a few times a day, in one worker at a time. */
export const startStackObserver = ({ ports, holder, log }: { ports: ReadPorts; holder: string; log: Log }): { stop: () => Promise<void> } =>
  repeatInOneWorker(
    {
      ...{ name: 'drift of clusters', everyMs, leaseTtlMs },
      lease: 'stack-observer',
      reason: 'compares built clusters with their declarations',
      work: (signal) => observeStacks(ports, signal),
    },
    { holder, log },
  )

/** The one that is due first, if any is. */
export const observeStacks = async (ports: ReadPorts, signal: AbortSignal): Promise<void> => {
  const due = await dueStack()
  if (due === null) return
  try {
    await keepStackLook(due.id, due.at, await lookForDrift(ports, due.id, signal))
  } catch (error) {
    if (signal.aborted || isFault(error, 'record.missing')) return
    if (isFault(error) && error.code !== 'database.down') await keepStackLook(due.id, due.at, { findings: [], because: error.message })
    else throw error
  }
}
