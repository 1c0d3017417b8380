'use client'

import { useState } from 'react'
import { selectionMax } from './selection'

/** Adds every matching row to a selection, up to its most. `query`: of the list, without a page. */
export const useSelectAll = (path: string, query: () => string, add: (ids: string[]) => void) => {
  const [selecting, setSelecting] = useState<{ isBusy: boolean; problem: string | null }>({ isBusy: false, problem: null })
  const selectAll = async () => {
    setSelecting({ isBusy: true, problem: null })
    try {
      const params = query()
      const response = await fetch(`/api/rows/${path}?${params}${params ? '&' : ''}shape=ids&max=${selectionMax}`)
      if (!response.ok) throw new Error()
      add(await response.json())
      setSelecting({ isBusy: false, problem: null })
    } catch {
      setSelecting({ isBusy: false, problem: 'The matching rows could not be read. Nothing was added.' })
    }
  }
  return { ...selecting, selectAll }
}
