import { peopleToAsk, rememberDirectoryState } from '@/db/people/people'
import type { Directory } from '@/lib/ports/directory'

const askAgainMinutes = 15
const atOnceMax = 100

/**
 * Asks the directory again after everybody with a live login, a live token or a scheduled run, so that somebody who left a group soon holds nothing by it,
 * and somebody who left the company, or was disabled there, nothing at all. A directory that is down changes nothing. Returns how many were asked.
 * Throws `auth.directory-down`.
 */
export const refreshGroups = async (directory: Directory): Promise<number> => {
  const names = await peopleToAsk(askAgainMinutes, atOnceMax)
  for (const name of names) await rememberDirectoryState(name, (await directory.find(name))?.groups ?? null)
  return names.length
}
