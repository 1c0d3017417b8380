'use client'

import { useEffect, useState } from 'react'
import { askRead, whyNot } from '@/components/run/ask-read'
import { reads } from '@/lib/shapes/reads'
import type { Samples } from '@/lib/shapes/samples'
import { type Range, rangeQuery, windowOf } from './range'

export interface Seen {
  samples: Samples
  /** What is shown, in seconds since 1970. */
  window: { from: number; to: number }
}

/** Asked again as often as a point is added, but not more often than a sample is taken nor less than a minute apart. */
const everySecondsMin = 10
const everySecondsMax = 60
/** A point every two pixels of a chart is as fine as a line can show. */
const pointsMin = 150
const pointsMax = 600

/** Follows the samples of an object while the page is seen; what has ended is asked once. `seen` null: not answered yet; `because`: why the console does not answer. */
export const useSamples = (of: string, range: Range): { seen: Seen | null; because: string | null; isOld: boolean } => {
  const key = rangeQuery(range)
  const [state, setState] = useState<{ key: string; seen: Seen | null; because: string | null }>({ key: '', seen: null, because: null })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says all of `range`.
  useEffect(() => {
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      if (document.hidden) return
      const window = windowOf(range, Date.now() / 1000)
      let seconds = everySecondsMin
      try {
        const points = Math.min(pointsMax, Math.max(pointsMin, Math.round(innerWidth / 4)))
        const address = reads.samples(of, { ...window, points })
        const samples = await askRead(address, over.signal)
        setState({ key, seen: { samples, window }, because: null })
        seconds = Math.min(everySecondsMax, Math.max(everySecondsMin, samples.stepSeconds))
        if (!('last' in range)) return
      } catch (error) {
        if (over.signal.aborted) return
        setState((before) => ({ ...before, because: whyNot(error) }))
      }
      timer = setTimeout(ask, seconds * 1000)
    }
    const shown = () => {
      clearTimeout(timer)
      void ask()
    }
    document.addEventListener('visibilitychange', shown)
    void ask()
    return () => {
      over.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', shown)
    }
  }, [of, key])
  return { seen: state.seen, because: state.because, isOld: state.key !== key }
}
