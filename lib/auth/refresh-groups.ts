import { peopleToAsk, rememberGroups } from '@/db/people/people'
import type { Directory } from '@/lib/ports/directory'

const askAgainMinutes = 15
const atOnceMax = 20

/**
 * Asks the directory again for the groups of people with live tokens, so that somebody who left a group, or the company, soon holds nothing
 * through a token either. A directory that is down changes nothing. Returns how many were asked. Throws `auth.directory-down`.
 */
export const refreshGroups = async (directory: Directory): Promise<number> => {
  const names = await peopleToAsk(askAgainMinutes, atOnceMax)
  for (const name of names) await rememberGroups(name, (await directory.find(name))?.groups ?? [])
  return names.length
}
