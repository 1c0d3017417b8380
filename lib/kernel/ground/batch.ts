/**
 * Joins calls into batches: while one batch is under way the calls that arrive form the next one, so under load many share one transaction and alone
 * each goes at once. `work` answers one result for each item, in order; when it throws, every call of that batch throws the same.
 */
export const makeBatch = <Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: { max: number },
): ((item: Item) => Promise<Result>) => {
  interface Waiting {
    item: Item
    resolve: (result: Result) => void
    reject: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let isRunning = false
  const run = async (): Promise<void> => {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.max)
      waiting = waiting.slice(options.max)
      try {
        const results = await work(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(results[index]!)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isRunning = false
  }
  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      // One turn of the event loop: calls made in the same breath travel together.
      if (!isRunning) {
        isRunning = true
        setImmediate(() => void run())
      }
    })
}
