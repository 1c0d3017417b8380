import { formatBytes } from '../values/bytes'
import { formatDuration } from '../values/duration'

/** How a herd that the console launched gets one more member. */
export interface Launching {
  blueprintId: string
  /** How long the last launch from the blueprint took (s); null: none has ended yet. */
  lastSeconds: number | null
  /** Of the primary's data; null: not known. */
  sizeBytes: number | null
  /** The data are on a volume that stays when its machine goes, and can move to another one. */
  hasVolume: boolean
}

/** What EC2 says before it takes a spot machine (s). */
export const noticeSeconds = 120
/** Assumed of pg_basebackup between two small machines; a launch that copied before is counted with its copy. */
export const copyBytesPerSecond = 50 * 1024 * 1024
/** Kept for the switchover after the copy, and for hearing of both. */
const reserveSeconds = 10

export type Clone = { fits: true; seconds: number } | { fits: false; because: string }

/** Whether a standby can be launched and copied, and take over, before AWS takes the primary's machine in so many seconds. */
export const cloneWithin = ({ lastSeconds, sizeBytes }: Launching, leftSeconds: number | null): Clone => {
  if (lastSeconds === null) return { fits: false, because: 'How long a launch takes is not known: none from its blueprint has ended yet.' }
  if (sizeBytes === null) return { fits: false, because: 'How long a copy takes is not known: the size of the data was not seen yet.' }
  if (leftSeconds === null) return { fits: false, because: 'AWS does not say when it takes the machine.' }
  const seconds = lastSeconds + sizeBytes / copyBytesPerSecond
  if (seconds + reserveSeconds <= leftSeconds) return { fits: true, seconds }
  const left = leftSeconds <= 0 ? 'AWS takes the machine now' : `AWS takes the machine in ${formatDuration(Math.round(leftSeconds))}`
  return {
    fits: false,
    because: `A new standby takes about ${formatDuration(Math.round(seconds))} to launch and to copy ${formatBytes(sizeBytes)}, and ${left}.`,
  }
}
