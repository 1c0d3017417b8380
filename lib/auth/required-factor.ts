import type { LivePerson } from '@/db/people/sessions'
import { env } from '@/lib/env'

/** The console asks this person for a second factor and they have none: until they add one they hold nothing. */
export const lacksFactor = (
  { hasFactor, grants }: Pick<LivePerson, 'hasFactor' | 'grants'>,
  policy: 'optional' | 'administrators' | 'everybody' = env().SECOND_FACTOR,
): boolean => {
  if (hasFactor || policy === 'optional') return false
  return policy === 'everybody' || grants.some(({ role }) => role === 'admin')
}
