'use client'

import { useEffect, useState } from 'react'
import { answerOf, reads } from '@/lib/shapes/reads'
import type { RunResults } from '@/lib/shapes/results'

/** While targets are still answering they are asked for together, this long after one did. */
const gatherMs = 1_500

/** The rows of a run's targets, read again when more of them have answered. `answered`: how many; 0: nothing is read. null: not yet, or they may not be read. */
export const useResults = (runId: string, answered: number, isOpen: boolean): RunResults | null => {
  const [results, setResults] = useState<RunResults | null>(null)
  useEffect(() => {
    if (answered === 0) return
    const asking = new AbortController()
    const read = async () => {
      try {
        const address = reads.results(runId)
        const response = await fetch(address, { signal: asking.signal })
        if (response.ok) setResults(await answerOf(address, response))
      } catch {
        // The page was left, or the console is away: what is shown stays.
      }
    }
    const timer = setTimeout(read, isOpen ? gatherMs : 0)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [runId, answered, isOpen])
  return results
}
