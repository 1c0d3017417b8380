import { isFault } from '@/lib/kernel/ground/errors'
import type { CallOptions, DataDirectorySeen, InventoryInstance, ReadPorts } from '@/lib/ports'
import type { Plain } from './instance'

/** A primary’s, as its control file has them; a standby’s end with “in recovery”. */
const primaryStates: readonly (string | null)[] = ['shut down', 'shutting down', 'in production']

/**
 * Whether a server that is down was itself primary on a timeline of this number, as the primary is now. Two members promoted independently both count one up, and
 * nothing in their WAL, nor pg_rewind, tells the two apart. Right after a promotion the control file still says the timeline before; the history file that the
 * promotion wrote does not. Throws what stops the look.
 */
export const wasPrimaryToo = async (
  ports: ReadPorts,
  { address }: Plain<InventoryInstance>,
  disk: Plain<DataDirectorySeen> | null,
  timeline: number | null,
  options: CallOptions,
): Promise<boolean> => {
  if (disk?.timeline == null || timeline === null || !primaryStates.includes(disk.controlState)) return false
  if (disk.timeline >= timeline) return disk.timeline === timeline
  try {
    return (await ports.replication.history(address, timeline, options)).some((fork) => fork.timeline === disk.timeline)
  } catch (error) {
    options.signal?.throwIfAborted()
    // There is no such file.
    if (isFault(error, 'shell.failed')) return false
    throw error
  }
}
