'use client'

import { useEffect, useState } from 'react'
import { askRead, whyNot } from '@/components/run/ask-read'
import type { ReadAddress } from '@/lib/shapes/reads'

export interface Watch<Answer> {
  /** null: nothing has been answered yet at this address. */
  answer: Answer | null
  /** Why the console itself does not answer; null: it does. */
  because: string | null
}

/** Asks again and again while the page is seen and `isPaused` is not set. What was answered last stays when the console does not answer. */
export const useWatch = <Answer>(address: ReadAddress<Answer>, everyMs: number, isPaused: boolean): Watch<Answer> => {
  const [watch, setWatch] = useState<Watch<Answer> & { address: string }>({ address, answer: null, because: null })
  useEffect(() => {
    if (isPaused) return
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      if (document.hidden) return
      try {
        setWatch({ address, answer: await askRead(address, over.signal), because: null })
      } catch (error) {
        if (over.signal.aborted) return
        const because = whyNot(error)
        setWatch((before) => ({ address, answer: before.address === address ? before.answer : null, because }))
      }
      timer = setTimeout(ask, everyMs)
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
  }, [address, everyMs, isPaused])
  return watch.address === address ? watch : { answer: null, because: null }
}
