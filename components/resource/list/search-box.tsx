'use client'

import { type RefObject, useEffect, useState } from 'react'
import { SearchIcon } from '@/components/ui/icons'

const searchAfterMs = 250

/** The box over the list. Searches while typing without filling the back button; Enter makes a step one can go back from. */
export const SearchBox = ({
  value,
  label,
  example,
  inputRef,
  onSearch,
}: {
  value: string
  label: string
  example: string
  inputRef: RefObject<HTMLInputElement | null>
  onSearch: (text: string, isStep: boolean) => void
}) => {
  const [text, setText] = useState(value)
  const [isTyped, setTyped] = useState(false)
  useEffect(() => {
    setText(value)
    setTyped(false)
  }, [value])
  useEffect(() => {
    if (!isTyped || text.trim() === value) return
    const timer = setTimeout(() => onSearch(text.trim(), false), searchAfterMs)
    return () => clearTimeout(timer)
  }, [text, value, isTyped, onSearch])
  return (
    <search className="contents">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onSearch(text.trim(), true)
        }}
      >
        <SearchIcon />
        <input
          ref={inputRef}
          type="search"
          className="input !pl-8"
          aria-label={label}
          placeholder={example}
          autoComplete="off"
          spellCheck={false}
          maxLength={500}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setTyped(true)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            if (text === '') event.currentTarget.blur()
            else {
              event.preventDefault()
              setText('')
              onSearch('', true)
            }
          }}
        />
      </form>
    </search>
  )
}
