import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { emptyQuery, type ListQuery } from '@/lib/kernel/resource/query'
import { describe as described } from '@/lib/kernel/resource/resource'
import { resourceByName } from '@/lib/resources'
import type { Facet } from '@/lib/shapes/list'
import { Facets } from './facets'

const facet: Facet = {
  field: 'site',
  choices: [
    { value: 'isnull', label: 'None', count: 3 },
    { value: '=>50 km', label: '>50 km', count: 2 },
    { value: 'berlin', label: 'berlin', count: 1 },
  ],
}

const ticked = (site: string[]): string[] => {
  const query: ListQuery = { ...emptyQuery(), filters: { site } }
  const html = renderToStaticMarkup(
    <Facets resource={described(resourceByName('server')!)} facets={[facet]} query={query} onToggle={() => {}} />,
  )
  return [...html.matchAll(/<input[^>]*checked=""[^>]*\/><span title="([^"]*)"/g)].map(([, label]) => label!)
}

test('a choice of a filter is ticked by the very term that its count was made for: nothing, a sign, a word', () => {
  expect(ticked(['isnull'])).toEqual(['None'])
  expect(ticked(['=>50 km'])).toEqual(['&gt;50 km'])
  expect(ticked(['berlin'])).toEqual(['berlin'])
  expect(ticked([])).toEqual([])
})
