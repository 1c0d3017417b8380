import { isFault } from '@/lib/kernel/ground/errors'

/** The code of the fault that it ends with. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (error: unknown) => (isFault(error) ? error.code : String(error)),
  )
