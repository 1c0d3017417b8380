'use client'

import { useMemo, useState } from 'react'
import { Card } from '@/components/ui/card'
import { Moment } from '@/components/ui/zone'
import { figureText } from '@/lib/domain/samples/figure-text'
import { type Table, tableOf } from './lines'
import type { Panel } from './panels'
import { Plot, type PlotProps } from './plot'

/** The newest first: a person reads back from now. */
const Figures = ({ panel, table }: { panel: Panel; table: Table }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
  <section className="chart-table" tabIndex={0} aria-label={`Table: ${panel.title}`}>
    <table className="sheet" data-density="dense">
      <thead>
        <tr>
          <th scope="col">Time</th>
          {panel.lines.map(({ label }) => (
            <th key={label} scope="col" className="n">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.moments
          .map((at, n) => (
            <tr key={at}>
              <td>
                <Moment at={new Date(at * 1000).toISOString()} />
              </td>
              {panel.lines.map(({ label }, line) => {
                const value = table.lines[line]!.mean[n]
                return (
                  <td key={label} className="n">
                    {value === undefined ? '' : value === null ? 'unknown' : figureText(value, panel.unit)}
                  </td>
                )
              })}
            </tr>
          ))
          .reverse()}
      </tbody>
    </table>
  </section>
)

/** A chart, and the same figures as a table once it is opened. `step`: the seconds that a point stands for. */
export const ChartCard = ({ step, note, ...props }: Omit<PlotProps, 'table'> & { step: number; note?: string }) => {
  const { panel } = props
  const [isOpen, setOpen] = useState(false)
  const table = useMemo(
    () =>
      tableOf(
        panel.lines.map(({ points }) => points),
        step,
      ),
    [panel, step],
  )
  return (
    <Card title={panel.title}>
      <Plot {...props} table={table} />
      {note !== undefined && <p className="text-ink-2">{note}</p>}
      <details className="chart-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Table</summary>
        {isOpen && <Figures panel={panel} table={table} />}
      </details>
    </Card>
  )
}
