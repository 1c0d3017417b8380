'use client'

import { memo, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Button } from '@/components/ui/button'
import { download } from '@/components/ui/download'
import { formatMoment } from '@/components/ui/time'
import { useZone } from '@/components/ui/zone'
import type { LogRow } from './store'

const chunkRows = 100
const rowHeightPx = 20
/** Chunks drawn above and below what is seen. */
const spareChunks = 1

type Shows = 'all' | 'state' | 'output'

const ChunkRows = memo(({ rows, zone, hasTitles }: { rows: readonly LogRow[]; zone: string; hasTitles: boolean }) =>
  rows.map((row) => (
    <div key={row.key} className={`log-row ${row.tone}`} data-class={row.class}>
      <time dateTime={row.at}>{formatMoment(row.at, zone).slice(11)}</time>
      {hasTitles && <span className="log-job">{row.title}</span>}
      <span className="log-text">{row.text}</span>
    </div>
  )),
)
ChunkRows.displayName = 'ChunkRows'

/**
 * Draws only the chunks near what is seen; the others are boxes of their last measured height, so that tens of thousands of wrapped lines scroll
 * like ten. A row's place never changes once it is there.
 */
const Lines = ({
  rows,
  isWrapped,
  isFollowing,
  onLeave,
  hasTitles,
}: {
  rows: readonly LogRow[]
  isWrapped: boolean
  isFollowing: boolean
  onLeave: () => void
  hasTitles: boolean
}) => {
  const zone = useZone()
  const box = useRef<HTMLDivElement>(null)
  const heights = useRef(new Map<number, number>())
  const [range, setRange] = useState({ from: 0, to: 4 })
  const chunks = Math.ceil(rows.length / chunkRows)
  const heightOf = (index: number) => heights.current.get(index) ?? Math.min(chunkRows, rows.length - index * chunkRows) * rowHeightPx

  const look = () => {
    const element = box.current
    if (!element) return
    let top = 0
    let from = 0
    while (from < chunks - 1 && top + heightOf(from) < element.scrollTop) top += heightOf(from++)
    let to = from
    while (to < chunks - 1 && top < element.scrollTop + element.clientHeight) top += heightOf(to++)
    const next = { from: Math.max(0, from - spareChunks), to: Math.min(chunks - 1, to + spareChunks) }
    setRange((now) => (now.from === next.from && now.to === next.to ? now : next))
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: another width or another set of rows makes every measured height wrong.
  useLayoutEffect(() => {
    heights.current.clear()
    look()
  }, [isWrapped, hasTitles, rows[0]?.key])

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each drawing the drawn chunks are measured and the view follows the end.
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    for (const chunk of element.querySelectorAll<HTMLElement>('[data-chunk]')) {
      const index = Number(chunk.dataset.chunk)
      // The last chunk still grows: its height is estimated from its rows.
      if (index < chunks - 1) heights.current.set(index, chunk.offsetHeight)
    }
    if (isFollowing) element.scrollTop = element.scrollHeight
    look()
  }, [rows, isFollowing, isWrapped, range])

  const above = Array.from({ length: range.from }, (_, index) => heightOf(index)).reduce((sum, height) => sum + height, 0)
  const drawn = Array.from({ length: Math.max(0, Math.min(range.to, chunks - 1) - range.from + 1) }, (_, index) => range.from + index)
  const below = Array.from({ length: Math.max(0, chunks - 1 - range.to) }, (_, index) => heightOf(range.to + 1 + index)).reduce(
    (sum, height) => sum + height,
    0,
  )
  return (
    <div
      ref={box}
      className="log"
      data-wrap={isWrapped}
      role="log"
      // Thousands of lines must not be read out.
      aria-live="off"
      aria-label="Log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      onScroll={() => {
        const element = box.current!
        if (isFollowing && element.scrollHeight - element.scrollTop - element.clientHeight > 2 * rowHeightPx) onLeave()
        look()
      }}
    >
      <div style={{ height: above }} />
      {drawn.map((index) => (
        <div key={index} data-chunk={index}>
          <ChunkRows rows={rows.slice(index * chunkRows, (index + 1) * chunkRows)} zone={zone} hasTitles={hasTitles} />
        </div>
      ))}
      <div style={{ height: below }} />
    </div>
  )
}

const linesOf = (rows: readonly LogRow[]): string[] => rows.map((row) => `${row.at}\t${row.title}\t${row.text}\n`)

/** The live log of a run, or of one of its jobs: search, what to show, follow, wrap and download. Downloads what is shown. */
export const Log = ({
  rows,
  name,
  isOpen,
  hasTitles = true,
}: {
  rows: readonly LogRow[]
  /** File name of the download. */
  name: string
  /** More lines may come: following starts switched on. */
  isOpen: boolean
  hasTitles?: boolean
}) => {
  const [search, setSearch] = useState('')
  const [shows, setShows] = useState<Shows>('all')
  const [isFollowing, setFollowing] = useState(isOpen)
  const [isWrapped, setWrapped] = useState(true)
  const wanted = useDeferredValue(search.trim())
  const shown = useMemo(() => {
    if (wanted === '' && shows === 'all') return rows
    // Lower-casing every line of a long log at each key costs ten times as much.
    const found = wanted === '' ? null : new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
    return rows.filter(
      (row) => (shows === 'all' || row.class === shows) && (found === null || found.test(row.text) || found.test(row.title)),
    )
  }, [rows, wanted, shows])
  useEffect(() => setFollowing(isOpen), [isOpen])
  return (
    <div className="log-frame">
      <div className="log-bar">
        <input
          className="input max-w-64"
          type="search"
          placeholder="Search the log"
          aria-label="Search the log"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <select
          className="input w-auto"
          aria-label="Lines to show"
          value={shows}
          onChange={(event) => setShows(event.target.value as Shows)}
        >
          <option value="all">Everything</option>
          <option value="state">Steps only</option>
          <option value="output">Command output only</option>
        </select>
        <label className="inline-flex items-center gap-1.5">
          <input type="checkbox" checked={isFollowing} onChange={(event) => setFollowing(event.target.checked)} />
          Follow
        </label>
        <label className="inline-flex items-center gap-1.5">
          <input type="checkbox" checked={isWrapped} onChange={(event) => setWrapped(event.target.checked)} />
          Wrap
        </label>
        <span className="text-ink-2" role="status">
          {shown.length === rows.length ? `${rows.length} lines` : `${shown.length} of ${rows.length} lines`}
        </span>
        <Button isSmall className="ml-auto" disabled={shown.length === 0} onClick={() => download(linesOf(shown), name, 'text/plain')}>
          Download
        </Button>
      </div>
      {shown.length === 0 ? (
        <p className="p-4 text-ink-2">{rows.length === 0 ? 'No line yet.' : 'No line matches.'}</p>
      ) : (
        <Lines rows={shown} isWrapped={isWrapped} isFollowing={isFollowing} onLeave={() => setFollowing(false)} hasTitles={hasTitles} />
      )}
    </div>
  )
}
