import type { Directory } from '@/lib/ports/directory'

export type DirectoryState = { state: 'none' } | { state: 'up' } | { state: 'down'; because: string }

/** The login page is open to anybody: what it asks of the directory is asked once in this long. */
const freshMs = 15_000

let last: { at: number; state: Promise<DirectoryState> } | null = null

const look = async (directory: Directory): Promise<DirectoryState> => {
  const failed = (await directory.check()).find(({ verdict }) => verdict === 'fail')
  return failed ? { state: 'down', because: failed.because } : { state: 'up' }
}

/** Whether the directory answers and accepts the console's account; at most 15 s old. */
export const directoryState = (directory: Directory | null): Promise<DirectoryState> => {
  if (directory === null) return Promise.resolve({ state: 'none' })
  if (last === null || Date.now() - last.at > freshMs) last = { at: Date.now(), state: look(directory) }
  return last.state
}
