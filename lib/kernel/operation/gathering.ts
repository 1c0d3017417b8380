import type { ReadPorts } from '@/lib/ports'
import { Fault } from '../ground/errors'
import type { JsonObject } from '../ground/json'
import type { Facts, GatherContext, Operation } from './operation'

/**
 * The facts of a target, seen just now. Keys and addresses lie in the console's own database: while that is away no host can be asked, which says
 * nothing about the hosts. Then it throws `database.down` rather than facts in which nothing can be seen.
 */
export const gatherFacts = (operation: Operation, read: ReadPorts, input: JsonObject, context: GatherContext): Promise<Facts> =>
  operation.gather(whileKeysAreThere(read), input, context)

const whileKeysAreThere = (read: ReadPorts): ReadPorts => {
  const probe: ReadPorts['postgres']['probe'] = async (...args) => {
    const seen = await read.postgres.probe(...args)
    if (seen.hostFault?.code === 'database.down') throw new Fault('database.down', seen.because === null ? {} : { because: seen.because })
    return seen
  }
  const postgres = new Proxy(read.postgres, { get: (port, name) => (name === 'probe' ? probe : Reflect.get(port, name)) })
  return { ...read, postgres }
}
