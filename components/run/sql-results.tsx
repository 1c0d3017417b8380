'use client'

import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { CopyButton } from '@/components/ui/copy-button'
import { download } from '@/components/ui/download'
import { counted } from '@/lib/domain/values/counted'
import type { RunResults } from '@/lib/shapes/results'
import type { JobView } from '@/lib/shapes/run'
import { gridOf, joinGrids, keptIn, toCsv } from './sql-grid'
import type { RunStore } from './store'

const shownAtFirst = 200

/** A result grid. NULL is told from an empty text. The first rows are drawn; the download has them all. */
export const SqlTable = ({
  columns,
  rows,
  note,
  name,
}: {
  columns: readonly string[]
  rows: readonly (readonly (string | null)[])[]
  note: string | null
  /** File name of the download. */
  name: string
}) => {
  const [isAll, setAll] = useState(false)
  const shown = isAll ? rows : rows.slice(0, shownAtFirst)
  return (
    <>
      <section
        className="run-grid"
        aria-label="Result rows"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
        tabIndex={0}
      >
        <table className="sql">
          <thead>
            <tr>
              {columns.map((column, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a statement may give two columns one name.
                <th key={index} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: result rows have no identity but their place.
              <tr key={place}>
                {row.map((cell, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above.
                  <td key={index}>{cell === null ? <span className="text-ink-3 italic">NULL</span> : cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="flex flex-wrap items-center gap-2 p-2">
        <span className="text-ink-2">
          {rows.length} {rows.length === 1 ? 'row' : 'rows'}
          {note && `. ${note}`}
        </span>
        {shown.length < rows.length && (
          <Button isSmall onClick={() => setAll(true)}>
            Show all {rows.length}
          </Button>
        )}
        <span className="ml-auto flex gap-2">
          <CopyButton text={toCsv(columns, rows)} label="Copy as CSV" />
          <Button isSmall onClick={() => download([toCsv(columns, rows)], name, 'text/csv')}>
            Download CSV
          </Button>
        </span>
      </div>
    </>
  )
}

/** One grid over every target that answered; nothing when the operation gives no rows. `role`: who may read them, where the reader may not. */
export const SqlResults = ({
  jobs,
  store,
  results,
  role,
  name,
}: {
  jobs: readonly JobView[]
  store: RunStore
  results: RunResults | null
  role: string | null
  name: string
}) => {
  const counts = jobs.flatMap((job) => keptIn(store.linesOf(job.id)) ?? [])
  const joined = useMemo(() => {
    const grids = (results?.jobs ?? []).flatMap((job) => {
      const grid = gridOf(job)
      return grid ? [{ title: job.instance, grid }] : []
    })
    return grids.length === 0 ? null : joinGrids(grids)
  }, [results])
  if (counts.length === 0) return null
  const rows = counts.reduce((sum, count) => sum + count, 0)
  const words = `${counted(rows, 'row')} from ${counted(counts.length, 'target')}`
  return (
    <Card title={`Result of ${counted(counts.length, 'target')}`} isFlush>
      {joined && (
        <SqlTable
          columns={joined.columns}
          rows={joined.rows}
          note={joined.isCut ? 'Rows beyond the limit were left out on some targets.' : null}
          name={`${name}.csv`}
        />
      )}
      {role !== null && (
        <p className="p-3.5 text-ink-2">
          {words}. Reading them requires the role {role}.
        </p>
      )}
      {role === null && results && <Missing results={results} />}
    </Card>
  )
}

/** Why some of the rows are not there. */
const Missing = ({ results: { jobs, hidden, keptDays } }: { results: RunResults }) => {
  const removed = jobs.filter(({ without }) => without === 'removed').length
  const left = jobs.filter(({ without }) => without === 'no-room').length
  const sentences = [
    removed > 0 ? `The rows of ${counted(removed, 'target')} were removed: rows are kept for ${counted(keptDays, 'day')}.` : '',
    left > 0 ? `${counted(left, 'target')} had no room here: open the target, or read it by the API.` : '',
    hidden > 0 ? `You may not read the rows of ${counted(hidden, 'more target')}.` : '',
  ].filter(Boolean)
  return sentences.length === 0 ? null : <p className="p-3.5 text-ink-2">{sentences.join(' ')}</p>
}
