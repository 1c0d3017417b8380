'use client'

import { plainValue } from '@/components/fields/cells'
import { CloseIcon } from '@/components/ui/icons'
import { useZone } from '@/components/ui/zone'
import type { FieldDescription } from '@/lib/kernel/resource/field'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import { type Operator, readTerm } from '@/lib/kernel/resource/terms'
import type { ListPage } from '@/lib/shapes/list'

const joins: Record<Operator, string> = {
  is: '',
  not: 'not ',
  contains: 'contains ',
  above: '> ',
  atLeast: '≥ ',
  below: '< ',
  atMost: '≤ ',
  empty: 'is empty',
  filled: 'is set',
}

/** A term in words: `not stopped`, `> 1 GB`, `prod`. */
export const termWords = (field: FieldDescription, source: string, data: ListPage, zone: string): string => {
  const term = readTerm(field, source)
  if ('because' in term) return source
  if (term.operator === 'empty' || term.operator === 'filled') return joins[term.operator]
  const title =
    data.references[field.name]?.[term.value] ??
    data.facets?.find((facet) => facet.field === field.name)?.choices.find((choice) => choice.value === term.value)?.label
  const isAge = field.kind === 'moment' && term.value.startsWith('-')
  return joins[term.operator] + (title ?? (isAge ? `${term.value.slice(1)} s ago` : plainValue(term.value, field, zone)))
}

/** Every active filter, each with a cross. */
export const Chips = ({
  resource,
  query,
  data,
  onChange,
}: {
  resource: ResourceDescription
  query: ListQuery
  data: ListPage
  onChange: (change: (query: ListQuery) => ListQuery) => void
}) => {
  const zone = useZone()
  const filters = Object.entries(query.filters).filter(([name]) => resource.fields[name])
  if (filters.length === 0 && query.search === '') return null
  const without = (name: string) =>
    onChange((now) => {
      const { [name]: _gone, ...rest } = now.filters
      return { ...now, filters: rest }
    })
  return (
    <section className="list-chips" aria-label="Active filters">
      {query.search !== '' && <Chip text={`Search: ${query.search}`} onRemove={() => onChange((now) => ({ ...now, search: '' }))} />}
      {filters.map(([name, terms]) => {
        const field = resource.fields[name]!
        return (
          <Chip
            key={name}
            text={`${field.label}: ${terms.map((term) => termWords(field, term, data, zone)).join(', ')}`}
            onRemove={() => without(name)}
          />
        )
      })}
      <button type="button" className="text-accent" onClick={() => onChange((now) => ({ ...now, filters: {}, search: '' }))}>
        Clear all
      </button>
    </section>
  )
}

const Chip = ({ text, onRemove }: { text: string; onRemove: () => void }) => (
  <span className="chip">
    <span className="max-w-[24rem] truncate">{text}</span>
    <button type="button" aria-label={`Remove the filter ${text}`} onClick={onRemove}>
      <CloseIcon />
    </button>
  </span>
)
