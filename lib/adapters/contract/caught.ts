import { Fault } from '@/lib/kernel/ground/errors'

/** The fault that a call ends with; whatever else it throws is thrown on. */
export const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof Fault)) throw error
  return error
}
