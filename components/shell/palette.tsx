'use client'

import { useRouter } from 'next/navigation'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { Dialog } from '@/components/ui/dialog'
import type { MenuPlace } from '@/lib/kernel/resource/menu'
import { answerOf, type FoundObject, reads } from '@/lib/shapes/reads'

const searchAfterMs = 120

/** Ctrl-K: pages by name, and objects of the fleet by whatever their own search finds. */
export const Palette = ({ places, onClose }: { places: readonly MenuPlace[]; onClose: () => void }) => {
  const router = useRouter()
  const listId = useId()
  const [text, setText] = useState('')
  const [found, setFound] = useState<{ text: string; items: readonly FoundObject[]; failed: boolean }>({
    text: '',
    items: [],
    failed: false,
  })
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const wanted = text.trim()

  useEffect(() => {
    if (wanted.length < 2) return
    const abort = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const address = reads.find(wanted)
        const response = await fetch(address, { signal: abort.signal })
        setFound({ text: wanted, items: response.ok ? await answerOf(address, response) : [], failed: !response.ok })
      } catch {
        if (!abort.signal.aborted) setFound({ text: wanted, items: [], failed: true })
      }
    }, searchAfterMs)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [wanted])

  const items = useMemo<readonly FoundObject[]>(() => {
    const low = wanted.toLowerCase()
    const pages = places
      .filter((place) => place.label.toLowerCase().includes(low))
      .map((place) => ({ href: place.href, title: place.label, kind: 'page' }))
    return wanted.length < 2 ? pages : [...pages, ...found.items]
  }, [places, wanted, found.items])
  const chosen = Math.min(at, items.length - 1)

  const go = (item: FoundObject | undefined) => {
    if (!item) return
    onClose()
    router.push(item.href)
  }
  const move = (by: number) => {
    const next = items.length === 0 ? 0 : (chosen + by + items.length) % items.length
    setAt(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const isSearching = wanted.length >= 2 && found.text !== wanted
  const said = isSearching
    ? 'Searching…'
    : found.failed
      ? 'The search did not answer. Try again.'
      : items.length === 0
        ? 'Nothing has this name.'
        : null

  return (
    <Dialog isOpen onClose={onClose} title="Find" isBare>
      <div className="palette">
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={items.length > 0 ? `${listId}-${chosen}` : undefined}
          aria-label="Find a page, herd, instance or server"
          placeholder="Find a page, herd, instance or server"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') move(1)
            else if (event.key === 'ArrowUp') move(-1)
            else if (event.key === 'Enter') go(items[chosen])
            else return
            event.preventDefault()
          }}
        />
        <div role="listbox" id={listId} aria-label="Found" ref={list}>
          {items.map((item, index) => (
            <div
              key={`${item.kind} ${item.href}`}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === chosen}
              tabIndex={-1}
              className="menu-item"
              onMouseMove={() => setAt(index)}
              onClick={() => go(item)}
              onKeyDown={(event) => event.key === 'Enter' && go(item)}
            >
              <span className="min-w-0 flex-1 truncate">{item.title}</span>
              <span className="text-ink-2">{item.kind}</span>
            </div>
          ))}
        </div>
        <p className="px-4 py-2 text-ink-2" role="status">
          {said}
        </p>
      </div>
    </Dialog>
  )
}
