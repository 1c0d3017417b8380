import { isFault } from '@/lib/kernel/ground/errors'

/** What only helps to foretell must not stand in the way: null where it could not be had. Throws what is no fault, and once the work is cancelled. */
export const orNull = async <T>(look: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> => {
  try {
    return await look
  } catch (error) {
    if (!isFault(error) || signal?.aborted) throw error
    return null
  }
}
