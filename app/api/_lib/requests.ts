/** Upper ends of the histogram's buckets, in seconds. */
export const bucketSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

export interface RequestCount {
  method: string
  /** The path as the document writes it: `/api/v1/{resource}`; never a value from the URL. */
  path: string
  status: number
  /** Requests per bucket, not yet summed; the last one holds what took longer than every bucket. */
  buckets: number[]
  seconds: number
}

/** Next loads this module once per bundle; one process still counts once. */
const holder = globalThis as unknown as { __matriarchRequests?: Map<string, RequestCount> }
holder.__matriarchRequests ??= new Map()
const counts = holder.__matriarchRequests

export const countRequest = (method: string, path: string, status: number, seconds: number): void => {
  const key = `${method} ${path} ${status}`
  let count = counts.get(key)
  if (!count) {
    count = { method, path, status, buckets: Array(bucketSeconds.length + 1).fill(0), seconds: 0 }
    counts.set(key, count)
  }
  const bucket = bucketSeconds.findIndex((end) => seconds <= end)
  count.buckets[bucket === -1 ? bucketSeconds.length : bucket]! += 1
  count.seconds += seconds
}

export const requestCounts = (): readonly RequestCount[] => [...counts.values()]
