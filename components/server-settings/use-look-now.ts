'use client'

import { useState } from 'react'
import { askRead, whyNot } from '@/components/run/ask-read'
import type { ReadAddress } from '@/lib/shapes/reads'

/** What the page came with, until somebody has a worker look; `because`: why the console did not answer that. */
export const useLookNow = <Answer>(initial: Answer, address: ReadAddress<Answer>) => {
  const [held, setHeld] = useState({ answer: initial, because: null as string | null, isLooking: false })
  const look = async () => {
    setHeld((before) => ({ ...before, because: null, isLooking: true }))
    try {
      setHeld({ answer: await askRead(address), because: null, isLooking: false })
    } catch (error) {
      setHeld((before) => ({ ...before, because: whyNot(error), isLooking: false }))
    }
  }
  return { ...held, look }
}
