'use client'

import { useEffect, useState } from 'react'
import type { MemberActivity } from '@/lib/shapes/activity'
import { answerOf, type ReadAddress } from '@/lib/shapes/reads'

const everyMs = 2_000

export interface Watch {
  /** null: nothing has been answered yet. */
  members: MemberActivity[] | null
  /** Why the console itself does not answer; null: it does. */
  because: string | null
}

/** Asks again and again while the page is seen and `isPaused` is not set. What was answered last stays when the console does not answer. */
export const useActivity = (address: ReadAddress<{ members: MemberActivity[] }>, isPaused: boolean): Watch => {
  const [watch, setWatch] = useState<Watch>({ members: null, because: null })
  useEffect(() => {
    if (isPaused) return
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      if (document.hidden) return
      try {
        const response = await fetch(address, { signal: over.signal })
        if (!response.ok) throw new Error(((await response.json()) as { detail?: string }).detail ?? 'The console does not answer.')
        const { members } = await answerOf(address, response)
        setWatch({ members, because: null })
      } catch (error) {
        if (over.signal.aborted) return
        setWatch((before) => ({
          ...before,
          because: error instanceof TypeError ? 'The console does not answer.' : (error as Error).message,
        }))
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
  }, [address, isPaused])
  return watch
}
