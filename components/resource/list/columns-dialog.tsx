'use client'

import { ArrowDown, ArrowUp } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import { columnChoices } from './list-data'

/** Which columns, in which order. Shown ones first, in their order; then the others. */
export const ColumnsDialog = ({
  resource,
  columns,
  onClose,
  onChange,
}: {
  resource: ResourceDescription
  columns: readonly string[]
  onClose: () => void
  /** null: the declaration's own columns. */
  onChange: (columns: string[] | null) => void
}) => {
  const [shown, setShown] = useState<readonly string[]>(columns)
  const choices = columnChoices(resource)
  const others = choices.filter((field) => !shown.includes(field.name))
  const move = (index: number, by: number) => {
    const next = [...shown]
    const [one] = next.splice(index, 1)
    next.splice(index + by, 0, one!)
    setShown(next)
  }
  return (
    <Dialog isOpen onClose={onClose} title="Columns" description="Remembered for you on this list, and part of its link.">
      <ol className="p-3" aria-label="Columns shown, in order">
        {shown.map((name, index) => {
          const label = choices.find((one) => one.name === name)?.label ?? name
          return (
            <li key={name} className="flex items-center gap-2">
              <label className="flex flex-1 items-center gap-2 py-1">
                <input
                  type="checkbox"
                  checked
                  disabled={shown.length === 1}
                  onChange={() => setShown(shown.filter((one) => one !== name))}
                />
                {label}
              </label>
              <Button variant="quiet" isSmall isIcon aria-label={`Move ${label} up`} disabled={index === 0} onClick={() => move(index, -1)}>
                <ArrowUp aria-hidden="true" />
              </Button>
              <Button
                variant="quiet"
                isSmall
                isIcon
                aria-label={`Move ${label} down`}
                disabled={index === shown.length - 1}
                onClick={() => move(index, 1)}
              >
                <ArrowDown aria-hidden="true" />
              </Button>
            </li>
          )
        })}
      </ol>
      {others.length > 0 && (
        <ul className="border-t border-line p-3" aria-label="Other columns">
          {others.map((field) => (
            <li key={field.name}>
              <label className="flex items-center gap-2 py-1">
                <input type="checkbox" checked={false} onChange={() => setShown([...shown, field.name])} />
                {field.label}
                {field.help && <span className="truncate text-ink-3">{field.help}</span>}
              </label>
            </li>
          ))}
        </ul>
      )}
      <div className="sticky bottom-0 flex gap-2 border-t border-line bg-surface px-4 py-3">
        <Button variant="primary" onClick={() => onChange([...shown])}>
          Show these
        </Button>
        <Button onClick={() => onChange(null)}>Back to the default</Button>
      </div>
    </Dialog>
  )
}
