import { logger } from '@/lib/log'
import type { Directory } from '@/lib/ports/directory'

/** Why it is down goes to the log: addresses and accounts of the directory are nothing for people who have not signed in. */
export type DirectoryState = 'none' | 'up' | 'down'

/** The login page is open to anybody: what it asks of the directory is asked once in this long. */
const freshMs = 15_000

let last: { at: number; state: Promise<DirectoryState> } | null = null

const look = async (directory: Directory): Promise<DirectoryState> => {
  const failed = (await directory.check()).find(({ verdict }) => verdict === 'fail')
  if (!failed) return 'up'
  logger().warn({ step: failed.name, because: failed.because }, 'the directory does not answer')
  return 'down'
}

/** Whether the directory answers and accepts the console's account; at most 15 s old. */
export const directoryState = (directory: Directory | null): Promise<DirectoryState> => {
  if (directory === null) return Promise.resolve('none')
  if (last === null || Date.now() - last.at > freshMs) last = { at: Date.now(), state: look(directory) }
  return last.state
}
