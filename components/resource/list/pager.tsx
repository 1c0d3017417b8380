'use client'

import type { ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { LeftIcon, RightIcon } from '@/components/ui/icons'
import type { ListQuery } from '@/lib/kernel/resource/query'
import type { ListPage } from '@/lib/shapes/list'

const sizes = [25, 50, 100, 200, 500]
const count = new Intl.NumberFormat('en')

/** "51–100 of 100,000", previous and next, a page to jump to, and the page size. */
export const Pager = ({
  data,
  query,
  noun,
  onChange,
  children,
}: {
  data: ListPage
  query: ListQuery
  noun: readonly [string, string]
  onChange: (change: (query: ListQuery) => ListQuery) => void
  children?: ReactNode
}) => {
  const pages = Math.max(1, Math.ceil(data.total / data.perPage))
  const first = data.total === 0 ? 0 : (data.page - 1) * data.perPage + 1
  const last = Math.min(data.total, data.page * data.perPage)
  const to = (page: number) => onChange((now) => ({ ...now, page: Math.min(pages, Math.max(1, page)) }))
  return (
    <nav className="list-foot" aria-label="Pages">
      <span role="status">
        {data.total === 0
          ? `No ${noun[1]}`
          : `${count.format(first)}–${count.format(last)} of ${count.format(data.total)} ${data.total === 1 ? noun[0] : noun[1]}`}
      </span>
      {children}
      <span className="ml-auto flex flex-wrap items-center gap-2">
        <label className="flex items-center gap-2">
          <span className="text-ink-2">Rows</span>
          <select
            className="input w-auto"
            value={query.perPage}
            onChange={(event) => onChange((now) => ({ ...now, perPage: Number(event.target.value), page: 1 }))}
          >
            {(sizes.includes(query.perPage) ? sizes : [query.perPage, ...sizes]).map((size) => (
              <option key={size} value={size}>
                {size}
              </option>
            ))}
          </select>
        </label>
        <Button isIcon isSmall aria-label="Previous page" disabled={data.page <= 1} onClick={() => to(data.page - 1)}>
          <LeftIcon />
        </Button>
        <form
          key={data.page}
          onSubmit={(event) => {
            event.preventDefault()
            const wanted = Number(new FormData(event.currentTarget).get('page'))
            if (Number.isInteger(wanted)) to(wanted)
          }}
        >
          <label className="flex items-center gap-1">
            <span className="text-ink-2">Page</span>
            <input
              className="input w-16 text-right"
              name="page"
              inputMode="numeric"
              defaultValue={data.page}
              aria-label={`Page, of ${pages}`}
            />
            <span className="text-ink-2">of {count.format(pages)}</span>
          </label>
        </form>
        <Button isIcon isSmall aria-label="Next page" disabled={data.page >= pages} onClick={() => to(data.page + 1)}>
          <RightIcon />
        </Button>
      </span>
    </nav>
  )
}
