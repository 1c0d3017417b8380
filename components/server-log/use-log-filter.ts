'use client'

import { useEffect, useState } from 'react'

export const levels = { all: 'everything', warnings: 'warnings and worse', errors: 'errors' } as const
type Level = keyof typeof levels

const settleMs = 400
const everyMs = 2_000
/** What was found in all files stays true a while. */
const deepEveryMs = 30_000

/** What a person looks for in a log. */
export const useLogFilter = () => {
  const [isPaused, setPaused] = useState(false)
  const [typed, setTyped] = useState('')
  const [level, setLevel] = useState<Level>('all')
  const [isDeep, setDeep] = useState(false)
  const [search, setSearch] = useState('')
  // Each question is read by a worker on the host: not one a key.
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed), settleMs)
    return () => clearTimeout(timer)
  }, [typed])
  const question = { search, level, files: isDeep ? 'all' : 'end' }
  return { typed, setTyped, level, setLevel, isDeep, setDeep, isPaused, setPaused, question, everyMs: isDeep ? deepEveryMs : everyMs }
}

export type LogFilter = ReturnType<typeof useLogFilter>
