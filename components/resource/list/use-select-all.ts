'use client'

import { useState } from 'react'
import { answerOf, reads } from '@/lib/shapes/reads'
import { selectionMax } from './selection'

/** Adds every matching row to a selection, up to its most. `query`: of the list, without a page. */
export const useSelectAll = (path: string, query: () => string, add: (ids: string[]) => void) => {
  const [selecting, setSelecting] = useState<{ isBusy: boolean; problem: string | null }>({ isBusy: false, problem: null })
  const selectAll = async () => {
    setSelecting({ isBusy: true, problem: null })
    try {
      const address = reads.rowIds(path, query(), selectionMax)
      const response = await fetch(address)
      if (!response.ok) throw new Error()
      add(await answerOf(address, response))
      setSelecting({ isBusy: false, problem: null })
    } catch {
      setSelecting({ isBusy: false, problem: 'The matching rows could not be read. Nothing was added.' })
    }
  }
  return { ...selecting, selectAll }
}
