'use client'

import dynamic from 'next/dynamic'
import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { handOver } from '@/components/operation/handover'
import { ChangesMark } from '@/components/resource/live/changes-mark'
import { type LiveTopic, useChanges } from '@/components/resource/live/use-changes'
import { Button } from '@/components/ui/button'
import { Note } from '@/components/ui/note'
import { useToast } from '@/components/ui/toast'
import { useZone } from '@/components/ui/zone'
import { formatListQuery, type ListQuery } from '@/lib/kernel/resource/query'
import type { ResourceDescription } from '@/lib/kernel/resource/resource'
import type { ListPage, ListView } from '@/lib/shapes/list'
import type { Outcome } from '@/lib/shapes/outcome'
import { ActionsMenu } from './actions-menu'
import { Chips } from './chips'
import { Facets } from './facets'
import { type FacetsShown, isFacetsShown } from './facets-shown'
import { Grid } from './grid'
import { type Density, type ListAction, type ListBoot, newestOf, shownColumns } from './list-data'
import { isSameOrder, mergeInPlace } from './merge'
import { NoRows } from './no-rows'
import { Pager } from './pager'
import { useSelection } from './selection'
import { Toolbar } from './toolbar'
import { Tray } from './tray'
import { useFreshRows } from './use-fresh-rows'
import { readQuery, useList } from './use-list'
import { useListShortcuts } from './use-list-shortcuts'
import { useRowMarkup } from './use-row-markup'
import { useSelectAll } from './use-select-all'

const ColumnsDialog = dynamic(() => import('./columns-dialog').then((m) => m.ColumnsDialog), { ssr: false })
const ViewDialog = dynamic(() => import('./view-dialog').then((m) => m.ViewDialog), { ssr: false })

/** What the list asks of the server besides rows. Each resolves to a sentence when it was refused. */
export interface ListServer {
  listViews: (resource: string) => Promise<Outcome<ListView[]>>
  rememberList: (resource: string, choice: { columns?: string[] | null; density?: Density }) => Promise<void>
  saveView: (resource: string, name: string, query: string, isShared: boolean) => Promise<Outcome<ListView[]>>
  removeView: (resource: string, id: string) => Promise<Outcome<ListView[]>>
}

/** Whether a change of these names can change this list. */
const concerns = ({ name, observed, changesWith }: ResourceDescription, topic: LiveTopic, names: readonly string[]): boolean =>
  topic === 'facts' ? observed : topic === 'runs' ? changesWith === topic : names.includes(name)

const tickMs = 5_000

export const ResourceList = ({ boot: text, server }: { boot: string; server: ListServer }) => {
  const boot = useMemo<ListBoot>(() => JSON.parse(text), [text])
  const { resource, actions } = boot
  const { noun, path } = resource
  const router = useRouter()
  const toast = useToast()
  const zone = useZone()
  const search = useRef<HTMLInputElement>(null)
  const wrap = useRef<HTMLElement>(null)
  const [density, setDensity] = useState(boot.density)
  const [views, setViews] = useState<ListView[] | null>(null)
  const [open, setOpen] = useState<'columns' | 'view' | 'actions' | null>(null)
  const [filters, setFilters] = useState<FacetsShown>('auto')
  const [now, setNow] = useState(boot.now)
  const [isMoved, setMoved] = useState(false)

  /** Rows stay where they are while somebody points at them or stands in them with the keyboard. */
  const onRows = useCallback((before: ListPage, after: ListPage, isQuiet: boolean): ListPage => {
    const isHeld = isQuiet && wrap.current?.matches(':hover, :focus-within') === true
    if (!isHeld || isSameOrder(before, after)) {
      setMoved(false)
      return after
    }
    setMoved(true)
    return mergeInPlace(before, after)
  }, [])
  const { state, go, refresh, retry } = useList(boot, onRows)
  const { query, data } = state
  const live = useChanges(
    useCallback((topic, names) => concerns(resource, topic, names), [resource]),
    refresh,
  )
  const selection = useSelection(path, data.ids)

  const columns = useMemo(() => shownColumns(resource, query.columns), [query.columns, resource])
  const hasActions = actions.length > 0
  const { plain, markup, because } = useRowMarkup(boot, data, { columns, zone, loadedAt: state.loadedAt })

  // A chart moves all the time: that is no change of its row.
  const fresh = useFreshRows(`${formatListQuery(resource, query)} ${zone} ${columns.join()}`, data.ids, plain)

  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  const shownNow = Math.max(now, state.loadedAt)

  const change = useCallback(
    (to: (query: ListQuery) => ListQuery, isStep = true) => go((from) => ({ ...to(from), page: 1 }), { replace: !isStep }),
    [go],
  )
  const onSearch = useCallback((text: string, isStep: boolean) => change((from) => ({ ...from, search: text }), isStep), [change])
  const onToggleFacet = useCallback(
    (field: string, term: string, isOn: boolean) =>
      change((from) => {
        const terms = (from.filters[field] ?? []).filter((one) => one !== term)
        const { [field]: _was, ...rest } = from.filters
        const next = isOn ? [...terms, term] : terms
        return { ...from, filters: next.length > 0 ? { ...rest, [field]: next } : rest }
      }),
    [change],
  )
  const onSort = (field: string, isAdded: boolean) =>
    change((from) => {
      const had = from.sort.find((one) => one.field === field)
      const next = !had ? [{ field, down: false }] : had.down ? [] : [{ field, down: true }]
      const others = isAdded ? from.sort.filter((one) => one.field !== field) : []
      return { ...from, sort: [...others, ...next] }
    })
  const { isBusy, problem, selectAll } = useSelectAll(
    path,
    () => formatListQuery(resource, { ...query, page: 1 }),
    (ids) => selection.set(ids, true),
  )
  const run = (action: ListAction) => router.push(handOver(action.path, action.name, selection.ids, action.of))

  useListShortcuts(
    wrap,
    hasActions,
    () => search.current?.focus(),
    () => setOpen('actions'),
  )

  const newestAt = useMemo(() => newestOf(data), [data])
  const isFiltered = query.search !== '' || Object.keys(query.filters).length > 0
  const actionsMenu = (
    <ActionsMenu
      actions={actions}
      chosen={selection.ids.length}
      noun={noun}
      isOpen={open === 'actions'}
      onOpenChange={(isOpen) => setOpen(isOpen ? 'actions' : null)}
      onRun={run}
    />
  )
  const take = (answer: Outcome<ListView[]>): string | null => {
    if (!answer.ok) return answer.message
    setViews(answer.value)
    return null
  }

  const sayRefusal = (because: string | null) => because && toast('bad', because)

  return (
    <div className="list">
      <Toolbar
        resource={resource}
        query={query}
        views={views}
        density={density}
        hasFacets={(data.facets?.length ?? 0) > 0}
        isFiltersOpen={filters !== 'closed'}
        search={search}
        exportHref={(format) => {
          const params = formatListQuery(resource, { ...query, page: 1, columns })
          return `/api/export/${path}?${params}&format=${format}`
        }}
        actions={hasActions && actionsMenu}
        mark={<ChangesMark state={live} newestAt={newestAt} now={shownNow} />}
        chips={<Chips resource={resource} query={query} data={data} onChange={change} />}
        onSearch={onSearch}
        onFilters={() => setFilters(isFacetsShown(filters) ? 'closed' : 'open')}
        onColumns={() => setOpen('columns')}
        onDensity={(next) => {
          setDensity(next)
          void server.rememberList(resource.name, { density: next })
        }}
        onViews={() => void server.listViews(resource.name).then((answer) => sayRefusal(take(answer)))}
        onSaveView={() => setOpen('view')}
        onView={(view) => change(() => readQuery(resource, view.query))}
        onRemoveView={(view) => void server.removeView(resource.name, view.id).then((answer) => sayRefusal(take(answer)))}
      />
      {data.facets && data.facets.length > 0 && filters !== 'closed' && (
        <aside className="facets" id="filters" data-open={filters} aria-label="Filters">
          <Facets resource={resource} facets={data.facets} query={query} onToggle={onToggleFacet} />
        </aside>
      )}
      <div
        className="list-main"
        style={data.facets && data.facets.length > 0 && filters !== 'closed' ? undefined : { gridColumn: '1 / -1' }}
      >
        {boot.dropped.length > 0 && (
          <Note tone="warn" className="m-2" title="Part of the link was ignored">
            {boot.dropped.join(' · ')}
          </Note>
        )}
        {state.problem && (
          <Note tone="bad" isAlert className="m-2" title={state.problem} actions={<Button onClick={retry}>Try again</Button>}>
            The rows below are the last ones read.
          </Note>
        )}
        {because !== null && (
          <Note tone="warn" className="m-2" title={because}>
            The charts below are the last ones read.
          </Note>
        )}
        {isMoved && (
          <Note
            className="m-2"
            actions={
              <Button isSmall onClick={retry}>
                Show it
              </Button>
            }
          >
            The order or the rows of the list have changed since.
          </Note>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
        <section className="grid-wrap" ref={wrap} aria-busy={state.isLoading} tabIndex={0} aria-label={`Table of ${noun[1]}`}>
          {data.ids.length > 0 ? (
            <Grid
              resource={resource}
              data={data}
              markup={markup}
              columns={columns}
              query={query}
              density={density}
              selected={selection.selected}
              fresh={fresh}
              now={shownNow}
              hasActions={hasActions}
              onSort={onSort}
              onToggle={selection.toggle}
              onTogglePage={(isOn) => selection.set(data.ids, isOn)}
            />
          ) : (
            <NoRows
              resource={resource}
              isFiltered={isFiltered}
              mayAdd={boot.mayAdd}
              onClear={() => change((from) => ({ ...from, filters: {}, search: '' }))}
            />
          )}
        </section>
        <Tray
          selection={selection}
          data={data}
          noun={noun}
          isSelectingAll={isBusy}
          problem={problem}
          onSelectAll={() => void selectAll()}
        />
        <Pager data={data} query={query} noun={noun} onChange={go} />
      </div>
      {open === 'columns' && (
        <ColumnsDialog
          resource={resource}
          columns={columns}
          onClose={() => setOpen(null)}
          onChange={(next) => {
            setOpen(null)
            void server.rememberList(resource.name, { columns: next })
            go((from) => ({ ...from, columns: next }))
          }}
        />
      )}
      {open === 'view' && (
        <ViewDialog
          onClose={() => setOpen(null)}
          onSave={async (name, isShared) => {
            const refused = take(await server.saveView(resource.name, name, formatListQuery(resource, { ...query, page: 1 }), isShared))
            if (refused === null) {
              setOpen(null)
              toast('good', `Saved as “${name}”.`)
            }
            return refused
          }}
        />
      )}
    </div>
  )
}
