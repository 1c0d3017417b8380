'use client'

import { memo, useState } from 'react'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { Facet } from '@/lib/shapes/list'

const shownMax = 10
const count = new Intl.NumberFormat('en')

/** Choices with live counts. Each count ignores its own field's filter, so that it says what ticking it would add. */
export const Facets = memo(
  ({
    resource,
    facets,
    query,
    onToggle,
  }: {
    resource: ResourceDescription
    facets: readonly Facet[]
    query: ListQuery
    onToggle: (field: string, term: string, isOn: boolean) => void
  }) => (
    <>
      {facets.map((facet) => (
        <OneFacet
          key={facet.field}
          label={resource.fields[facet.field]?.label ?? facet.field}
          facet={facet}
          chosen={query.filters[facet.field] ?? []}
          onToggle={onToggle}
        />
      ))}
    </>
  ),
)
Facets.displayName = 'Facets'

const OneFacet = ({
  label,
  facet,
  chosen,
  onToggle,
}: {
  label: string
  facet: Facet
  chosen: readonly string[]
  onToggle: (field: string, term: string, isOn: boolean) => void
}) => {
  const [isWhole, setIsWhole] = useState(false)
  const { choices } = facet
  const shown = isWhole ? choices : choices.filter((choice, index) => index < shownMax || chosen.includes(choice.value))
  return (
    <fieldset>
      <legend>{label}</legend>
      {choices.length === 0 && <p className="text-ink-3">no values</p>}
      {shown.map((choice) => (
        <label key={choice.value} className={choice.count === 0 ? 'none' : undefined}>
          <input
            type="checkbox"
            checked={chosen.includes(choice.value)}
            onChange={(event) => onToggle(facet.field, choice.value, event.target.checked)}
          />
          <span title={choice.label}>{choice.label}</span>
          <span className="count">{count.format(choice.count)}</span>
        </label>
      ))}
      {choices.length > shownMax && (
        <button type="button" className="text-accent" onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? 'Fewer' : `${choices.length - shownMax} more`}
        </button>
      )}
    </fieldset>
  )
}
