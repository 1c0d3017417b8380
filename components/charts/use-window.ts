import { useState } from 'react'

/** Seconds since 1970. */
export interface Span {
  from: number
  to: number
}

/** What a chart that has all its points shows of them: `first`, until somebody brushes or zooms; never less than `leastSeconds` by a zoom, nor beyond `whole`. */
export const useWindow = (whole: Span, first: Span, leastSeconds: number) => {
  const [chosen, choose] = useState<Span | null>(null)
  const window = chosen ?? first
  const zoom = (factor: number, at = (window.from + window.to) / 2) => {
    const half = Math.max(leastSeconds, ((window.to - window.from) * factor) / 2)
    choose({ from: Math.max(whole.from, at - half), to: Math.min(whole.to, at + half) })
  }
  return { window, chosen, choose, brush: (from: number, to: number) => choose({ from, to }), zoom }
}
