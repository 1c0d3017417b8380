'use client'

import type { ReactNode, RefObject } from 'react'
import { Button } from '@/components/ui/button'
import { BookmarkIcon, ColumnsIcon, DownloadIcon, FilterIcon, RowsIcon } from '@/components/ui/icons'
import { LazyMenu } from '@/components/ui/lazy-menu'
import { MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { ListView } from '@/lib/shapes/list'
import type { Density } from './list-data'
import { SearchBox } from './search-box'

/** Words of the query language that mean something on this list. */
const exampleOf = (resource: ResourceDescription): string => {
  const { fields } = resource
  const words = [
    fields.environmentId && 'env:prod',
    fields.role && 'role:standby',
    fields.lagBytes && 'lag>1GB',
    !fields.role && fields.state?.kind === 'choice' && fields.state.choices[0] && `state:${fields.state.choices[0].value}`,
  ].filter(Boolean)
  return words.length > 0 ? `Search, or ${words.join(' ')}` : 'Search'
}

export const Toolbar = ({
  resource,
  query,
  views,
  density,
  hasFacets,
  isFiltersOpen,
  exportHref,
  search,
  actions,
  mark,
  chips,
  onSearch,
  onFilters,
  onColumns,
  onDensity,
  onViews,
  onSaveView,
  onView,
  onRemoveView,
}: {
  resource: ResourceDescription
  query: ListQuery
  /** null: not read yet. */
  views: readonly ListView[] | null
  density: Density
  hasFacets: boolean
  isFiltersOpen: boolean
  /** Address of the export in a format. */
  exportHref: (format: 'csv' | 'json') => string
  search: RefObject<HTMLInputElement | null>
  actions: ReactNode
  mark: ReactNode
  chips: ReactNode
  onSearch: (text: string, isStep: boolean) => void
  onFilters: () => void
  onColumns: () => void
  onDensity: (density: Density) => void
  onViews: () => void
  onSaveView: () => void
  onView: (view: ListView) => void
  onRemoveView: (view: ListView) => void
}) => (
  <div className="list-tools">
    {hasFacets && (
      <Button isIcon aria-label="Filters" aria-expanded={isFiltersOpen} aria-controls="filters" onClick={onFilters} title="Filters">
        <FilterIcon />
      </Button>
    )}
    {resource.list.canSearch && (
      <SearchBox
        value={query.search}
        label={`Search ${resource.noun[1]}`}
        example={exampleOf(resource)}
        inputRef={search}
        onSearch={onSearch}
      />
    )}
    {actions}
    <span className="ml-auto flex flex-wrap items-center gap-2">
      {mark}
      <LazyMenu label="Views" icon={<BookmarkIcon />} align="end" onOpenChange={(isOpen) => isOpen && onViews()}>
        {() => (
          <>
            {!views?.length && <MenuLabel>{views ? 'No view is saved yet' : 'Reading…'}</MenuLabel>}
            {views?.map((view) => (
              <MenuItem key={view.id} onSelect={() => onView(view)}>
                {view.name}
                {view.isShared && <span className="text-ink-3"> (shared)</span>}
              </MenuItem>
            ))}
            <MenuLine />
            <MenuItem onSelect={onSaveView}>Save this view…</MenuItem>
            {views
              ?.filter((view) => view.isOwn)
              .map((view) => (
                <MenuItem key={view.id} isDanger onSelect={() => onRemoveView(view)}>
                  Forget “{view.name}”
                </MenuItem>
              ))}
          </>
        )}
      </LazyMenu>
      <Button onClick={onColumns}>
        <ColumnsIcon />
        <span>Columns</span>
      </Button>
      <LazyMenu label="" accessibleLabel="Density" icon={<RowsIcon />} align="end">
        {() => (
          <>
            <MenuChoice isChosen={density === 'dense'} onSelect={() => onDensity('dense')}>
              Dense rows
            </MenuChoice>
            <MenuChoice isChosen={density === 'roomy'} onSelect={() => onDensity('roomy')}>
              Roomy rows
            </MenuChoice>
          </>
        )}
      </LazyMenu>
      <LazyMenu label="Export" icon={<DownloadIcon />} align="end">
        {() => (
          <>
            <MenuLabel>Every row of this list, these columns</MenuLabel>
            <MenuItem onSelect={() => window.location.assign(exportHref('csv'))}>CSV</MenuItem>
            <MenuItem onSelect={() => window.location.assign(exportHref('json'))}>JSON</MenuItem>
          </>
        )}
      </LazyMenu>
    </span>
    {chips}
  </div>
)
