import { formatBytes } from '../values/bytes'
import { formatDuration } from '../values/duration'
import { copyBytesPerSecond } from './launching'

/** From what a primary whose data are lost would be restored, as last seen. */
export interface Restorable {
  /** What it archives with: `pgBackRest`. */
  tool: string
  /** Since its newest backup ended (s). */
  ageSeconds: number
  /** Of its data; null: not known. */
  sizeBytes: number | null
  /** archive_timeout (s); 0: WAL is archived once a segment is full; null: its settings were not seen. */
  archiveSeconds: number | null
  /** WAL is not archived at present; `since`: ISO, when the last segment was, null: none ever was. null: nothing fails. */
  failing: { since: string | null } | null
}

const lostWith = ({ archiveSeconds, failing }: Restorable): string => {
  if (failing !== null)
    return failing.since === null
      ? 'Every commit since that backup began is lost: archiving of WAL fails, and has never gone well.'
      : `Every commit after ${failing.since.slice(0, 19).replace('T', ' ')} UTC is lost: archiving of WAL fails since then.`
  if (archiveSeconds === null) return 'How much of what was written last is lost is not known: its settings were not seen.'
  if (archiveSeconds === 0)
    return 'What the last WAL segment holds is lost, however old it is: archive_timeout is 0, so only full segments are archived.'
  return `At most about ${formatDuration(archiveSeconds)} of writes are lost (archive_timeout), and the segments that wait to be archived.`
}

/** How the data would come back, how long that takes and what is lost; null: no backup is known of. */
export const sayRestore = (restorable: Restorable | null): string => {
  if (restorable === null) return 'Restore the newest backup on another machine: the console knows of none.'
  const { tool, ageSeconds, sizeBytes } = restorable
  const copied =
    sizeBytes === null
      ? ''
      : `, about ${formatDuration(Math.ceil(sizeBytes / copyBytesPerSecond))} to copy ${formatBytes(sizeBytes)} and the time to replay WAL`
  return `Restore the newest backup of ${tool} on another machine (it ended ${formatDuration(ageSeconds)} ago)${copied}. ${lostWith(restorable)}`
}
