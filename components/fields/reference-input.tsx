'use client'

import { X } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import type { ReferenceOption } from '@/lib/shapes/list'
import type { InputProps } from './input-props'

const searchAfterMs = 150

/** A combobox over everything the field may point to: type to search, arrows to move, Enter to choose, Escape to leave it as it was. */
export const ReferenceInput = ({
  field,
  ids,
  name,
  value,
  onChange,
  onBlur,
  isDisabled,
  find,
  title,
  environmentId = null,
  onOption,
  focusRef,
}: InputProps) => {
  const listId = useId()
  const [chosen, setChosen] = useState<ReferenceOption | null>(value && title ? { id: String(value), title, environmentId: null } : null)
  const [text, setText] = useState<string | null>(null)
  const [found, setFound] = useState<{ options: ReferenceOption[]; problem: string | null; isBusy: boolean }>({
    options: [],
    problem: null,
    isBusy: false,
  })
  const [at, setAt] = useState(0)
  const asked = useRef(0)
  const isOpen = text !== null
  const shown = text ?? (value === '' ? '' : chosen?.id === value ? chosen.title : (title ?? String(value)))

  useEffect(() => {
    if (text === null || !find) return
    const mine = ++asked.current
    setFound((now) => ({ ...now, isBusy: true }))
    const timer = setTimeout(
      () =>
        find(field.name, text, environmentId).then(
          (options) => mine === asked.current && setFound({ options, problem: null, isBusy: false }),
          (error: Error) => mine === asked.current && setFound({ options: [], problem: error.message, isBusy: false }),
        ),
      text === '' ? 0 : searchAfterMs,
    )
    return () => clearTimeout(timer)
  }, [text, find, field.name, environmentId])

  const take = (option: ReferenceOption | undefined) => {
    if (!option) return
    setChosen(option)
    setText(null)
    onChange(option.id)
    onOption?.(option)
  }
  const active = Math.min(at, found.options.length - 1)
  const said = found.isBusy ? 'Searching…' : (found.problem ?? (found.options.length === 0 ? 'Nothing found.' : null))

  return (
    <div className="relative flex gap-1">
      <input
        {...ids}
        ref={focusRef}
        className="input"
        name={name}
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && active >= 0 ? `${listId}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        disabled={isDisabled}
        placeholder={field.required ? 'Type to search' : 'None. Type to search'}
        value={shown}
        onFocus={(event) => event.target.select()}
        onClick={() => !isOpen && setText('')}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onBlur={() => {
          setText(null)
          onBlur()
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            if (!isOpen) setText('')
            else setAt((active + (event.key === 'ArrowDown' ? 1 : -1) + found.options.length) % Math.max(1, found.options.length))
          } else if (event.key === 'Enter' && isOpen) take(found.options[active])
          else if (event.key === 'Escape' && isOpen) setText(null)
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
      {value !== '' && !field.required && (
        <Button
          variant="quiet"
          isIcon
          aria-label={`Clear ${field.label}`}
          disabled={isDisabled}
          onClick={() => {
            setChosen(null)
            onChange('')
          }}
        >
          <X aria-hidden="true" />
        </Button>
      )}
      <div className="menu absolute inset-x-0 top-full mt-1" hidden={!isOpen}>
        <div id={listId} role="listbox" aria-label={field.label}>
          {found.options.map((option, index) => (
            <div
              key={option.id}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              tabIndex={-1}
              className="menu-item aria-selected:bg-[var(--selected)]"
              onMouseDown={(event) => {
                // Before the input loses the focus and closes the list.
                event.preventDefault()
                take(option)
              }}
            >
              {option.title}
            </div>
          ))}
        </div>
        <p className="menu-label" role="status">
          {isOpen && said}
        </p>
      </div>
    </div>
  )
}
