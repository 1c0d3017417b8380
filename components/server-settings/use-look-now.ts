'use client'

import { useState } from 'react'
import { answerOf, type ReadAddress } from '@/lib/shapes/reads'

/** What the page came with, until somebody has a worker look; `because`: why the console did not answer that. */
export const useLookNow = <Answer>(initial: Answer, address: ReadAddress<Answer>) => {
  const [held, setHeld] = useState({ answer: initial, because: null as string | null, isLooking: false })
  const look = async () => {
    setHeld((before) => ({ ...before, because: null, isLooking: true }))
    try {
      const response = await fetch(address)
      if (!response.ok) throw new Error(((await response.json()) as { detail?: string }).detail ?? 'The console does not answer.')
      setHeld({ answer: await answerOf(address, response), because: null, isLooking: false })
    } catch (error) {
      const because = error instanceof TypeError ? 'The console does not answer.' : (error as Error).message
      setHeld((before) => ({ ...before, because, isLooking: false }))
    }
  }
  return { ...held, look }
}
