'use client'

import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type uPlot from 'uplot'
import { figureText } from '@/lib/domain/samples/figure-text'
import 'uplot/dist/uPlot.min.css'
import { formatMoment } from '@/components/ui/time'
import { useZone } from '@/components/ui/zone'
import type { SampleMark } from '@/lib/shapes/samples'
import type { Table } from './lines'
import type { Panel } from './panels'
import { colours, dashes, inksOf, plotHeight, plotOptions } from './plot-options'

/** Where the theme changes, colours are resolved again. */
const useTheme = (): number => {
  const [count, setCount] = useState(0)
  useEffect(() => {
    const changed = () => setCount((now) => now + 1)
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', changed)
    const chosen = new MutationObserver(changed)
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      system.removeEventListener('change', changed)
      chosen.disconnect()
    }
  }, [])
  return count
}

const Swatch = ({ n }: { n: number }) => (
  <svg width="22" height="6" aria-hidden="true">
    <line
      x1="0"
      y1="3"
      x2="22"
      y2="3"
      strokeWidth="2"
      strokeDasharray={dashes[n % dashes.length]!.join(' ')}
      style={{ stroke: `var(${colours[n % colours.length]})` }}
    />
  </svg>
)

export interface PlotProps {
  panel: Panel
  table: Table
  marks: readonly SampleMark[]
  window: { from: number; to: number }
  /** One cross-hair goes through all charts of one page. */
  page: string
  onBrush: (from: number, to: number) => void
  /** Below 1: less time, around that moment or the middle. */
  onZoom: (factor: number, at?: number) => void
}

const seriesPerLine = 3

/** A chart with its figures at the cross-hair, or else its newest. The arrow keys move the cross-hair, + and − zoom, dragging chooses a time. */
export const Plot = ({ panel, table, marks, window, page, onBrush, onZoom }: PlotProps) => {
  const zone = useZone()
  const theme = useTheme()
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const [places, setPlaces] = useState<readonly (number | null | undefined)[]>([])
  const latest = useRef({ panel, table, marks, window, onBrush })
  latest.current = { panel, table, marks, window, onBrush }
  const data = () =>
    [latest.current.table.moments, ...latest.current.table.lines.flatMap(({ high, low, mean }) => [high, low, mean])] as uPlot.AlignedData
  const lineKey = panel.lines.map(({ label }) => label).join('\n')

  // biome-ignore lint/correctness/useExhaustiveDependencies: new data is given to a chart that is there; only another make of it begins anew.
  useEffect(() => {
    let isOver = false
    let sizes: ResizeObserver | undefined
    const begin = async () => {
      const { default: Plotter } = await import('uplot')
      const element = box.current
      if (isOver || element === null) return
      // What is asked while it draws is what is shown then, not what was shown when it was made.
      const live = {
        get lines() {
          return latest.current.panel.lines
        },
        title: panel.title,
        unit: panel.unit,
      }
      const options = plotOptions({
        panel: live,
        marks: () => latest.current.marks,
        window: () => latest.current.window,
        inks: inksOf(element),
        zone,
        width: element.clientWidth,
        page,
        tzDate: Plotter.tzDate,
        onCursor: setPlaces,
        onBrush: (from, to) => latest.current.onBrush(from, to),
      })
      plot.current = new Plotter(options, data(), element)
      sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: plotHeight }))
      sizes.observe(element)
    }
    void begin()
    return () => {
      isOver = true
      sizes?.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [zone, theme, page, panel.unit, lineKey])

  // biome-ignore lint/correctness/useExhaustiveDependencies: `data` is of `table`.
  useEffect(() => {
    plot.current?.setData(data())
  }, [table, marks, window])

  const placeOf = (n: number): number | null => places[seriesPerLine * (n + 1)] ?? null
  const at = places[0] ?? null
  const moment = at === null ? undefined : table.moments[at]
  const figures = panel.lines.map(({ label, points }, n) => {
    const place = placeOf(n)
    const value = at === null ? points.at(-1)?.[2] : place === null ? null : table.lines[n]!.mean[place]
    return { label, text: value == null ? 'unknown' : figureText(value, panel.unit) }
  })
  const newest = table.moments.at(-1) ?? window.to
  const when = formatMoment(new Date((moment ?? newest) * 1000).toISOString(), zone)

  const onKeyDown = async (event: KeyboardEvent) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event
    if (ctrlKey || metaKey || altKey) return
    if (key === '+' || key === '-') {
      event.preventDefault()
      onZoom(key === '+' ? 0.5 : 2, moment)
      return
    }
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -table.moments.length, End: table.moments.length }[key]
    if (by === undefined || plot.current === null || table.moments.length === 0) return
    event.preventDefault()
    const next = Math.min(table.moments.length - 1, Math.max(0, (at ?? table.moments.length) + by * (shiftKey ? 10 : 1)))
    const { default: Plotter } = await import('uplot')
    for (const one of Plotter.sync(page).plots) one.setCursor({ left: one.valToPos(table.moments[next]!, 'x'), top: 0 })
  }
  return (
    <>
      <p className="chart-figures">
        {figures.map(({ label, text }, n) => (
          <span key={`${label} ${panel.lines[n]!.label}`}>
            {panel.lines.length > 1 && (
              <>
                <Swatch n={n} /> {label}{' '}
              </>
            )}
            <b>{text}</b>
          </span>
        ))}
        <span className="chart-when">
          {at === null && 'newest '}
          {when.slice(5)}
        </span>
      </p>
      <div
        ref={box}
        className="chart-plot"
        tabIndex={0}
        role="slider"
        aria-label={`${panel.title} over time`}
        aria-valuemin={Math.round(window.from)}
        aria-valuemax={Math.round(window.to)}
        aria-valuenow={Math.round(Math.min(window.to, Math.max(window.from, moment ?? newest)))}
        aria-valuetext={`${when}: ${figures.map(({ label, text }) => `${label} ${text}`).join(', ')}`}
        onKeyDown={onKeyDown}
      />
    </>
  )
}
