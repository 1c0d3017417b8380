import { type Append, appendLines } from '@/db/runs/journal'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import { isPassing } from './write-until-up'

/**
 * Writes the lines of many jobs in one transaction; one entry that PostgreSQL refuses does not stop the jobs that share it. The answers are in their order.
 * Throws what `isPassing`, of whichever job: then it is not known what was written, and all of it is to be written again.
 */
export const appendEach = async (
  appends: readonly Append[],
  write: typeof appendLines = appendLines,
): Promise<readonly (Fault | null)[]> => {
  try {
    return await write(appends)
  } catch (error) {
    if (appends.length === 1 || isPassing(error)) throw error
  }
  return Promise.all(
    appends.map((append) =>
      write([append]).then(
        ([fault]) => fault ?? null,
        (cause: unknown) => {
          if (isPassing(cause)) throw cause
          return isFault(cause) ? cause : new Fault('internal.bug', { because: 'A journal line cannot be stored.' }, { cause })
        },
      ),
    ),
  )
}
