'use client'

import { useEffect, useState } from 'react'
import { answerOf, reads } from '@/lib/shapes/reads'
import type { Sparklines } from '@/lib/shapes/sparklines'

const againMs = 60_000
const timeoutMs = 20_000
const idsAtOnce = 100

export interface SparklineRows {
  rows: Sparklines['rows']
  /** Why the last reading failed; the rows are then those before. */
  because: string | null
}

const read = async (path: string, columns: readonly string[], ids: readonly string[], signal: AbortSignal): Promise<Sparklines['rows']> => {
  const address = reads.sparklines(path, columns, ids)
  const response = await fetch(address, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headers: { accept: 'application/json' },
  })
  if (!response.ok) throw new Error(`The console answered ${response.status}.`)
  return (await answerOf(address, response)).rows
}

/** The charts of these columns and rows, read anew each minute; they come after the rows, which do not wait for them. */
export const useSparklines = (path: string, columns: readonly string[], ids: readonly string[]): SparklineRows => {
  const [seen, setSeen] = useState<SparklineRows>({ rows: {}, because: null })
  const key = `${columns.join()} ${ids.join()}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says the same as the two lists, which are new ones with every reading of the rows.
  useEffect(() => {
    if (columns.length === 0 || ids.length === 0) return
    const abort = new AbortController()
    const readAll = async () => {
      try {
        const parts = Array.from({ length: Math.ceil(ids.length / idsAtOnce) }, (_, n) => ids.slice(n * idsAtOnce, (n + 1) * idsAtOnce))
        const rows = Object.assign({}, ...(await Promise.all(parts.map((part) => read(path, columns, part, abort.signal)))))
        if (!abort.signal.aborted) setSeen({ rows, because: null })
      } catch (error) {
        if (!abort.signal.aborted)
          setSeen((before) => ({ ...before, because: `The charts could not be read. ${(error as Error).message}` }))
      }
    }
    void readAll()
    const timer = setInterval(() => void readAll(), againMs)
    return () => {
      abort.abort()
      clearInterval(timer)
    }
  }, [path, key])
  return seen
}
