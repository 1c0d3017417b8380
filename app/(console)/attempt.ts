import { databaseFault } from '@/db/pg/client'
import { type Problem, problemOf } from '@/lib/auth/problem'
import { Fault, toFault } from '@/lib/kernel/ground/errors'
import type { Resource } from '@/lib/kernel/resource/resource'
import { logger } from '@/lib/log'
import { resourceByName } from '@/lib/resources'

/** A server action's result: what is thrown across that border loses its code, so a refusal is a value. Bugs are logged with their cause. */
export const attempt = async <T>(act: () => Promise<T>): Promise<{ value: T } | { problem: Problem }> => {
  try {
    return { value: await act() }
  } catch (error) {
    const fault = toFault(databaseFault(error))
    if (fault.code === 'internal.bug') logger().error({ err: fault.cause ?? fault, code: fault.code }, fault.message)
    return { problem: problemOf(fault) }
  }
}

/** The resource a browser named. Throws `record.missing`. */
export const namedResource = (name: string): Resource => {
  const resource = resourceByName(name)
  if (!resource) throw new Fault('record.missing', { because: 'There is no such kind of object.' })
  return resource
}
