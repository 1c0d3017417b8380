import { type Channel, listen } from '@/db/pg/client'

const pollMs = 1_000

/**
 * Looks until there is an answer: at once, whenever the channel tells of one of `ids`, and every second, since a notification may be lost. Throws what `look`
 * throws, and the signal's reason when it aborts.
 *
 * @param look undefined: not yet.
 */
export const untilNews = async <T>(
  { channel, of, signal }: { channel: Channel; of: string; signal?: AbortSignal },
  look: () => Promise<T | undefined>,
): Promise<T> => {
  let wake = () => {}
  const stop = await listen(channel, (payload) => {
    if (payload === of || payload === '') wake()
  })
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    for (;;) {
      signal?.throwIfAborted()
      // Armed before the look: news that comes during it is not slept through.
      const news = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      const found = await look()
      if (found !== undefined) return found
      await news
    }
  } finally {
    wake()
    stop()
    signal?.removeEventListener('abort', onAbort)
  }
}
