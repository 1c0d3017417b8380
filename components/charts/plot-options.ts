import type uPlot from 'uplot'
import { formatMoment } from '@/components/ui/time'
import { figureText, type ShownUnit } from '@/lib/domain/samples/figure-text'
import type { SampleMark } from '@/lib/shapes/samples'
import { axisOf, gridSteps } from './figures'
import type { Panel } from './panels'

/** Told apart without colour by their dashes, and by names at their ends. */
export const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [16, 4], [5, 2, 2, 2, 2, 2]]
export const colours = ['--accent', '--warn', '--good', '--bad', '--ink-2', '--info'] as const

/** As the canvas takes them; it knows nothing of custom properties. */
export interface Inks {
  lines: string[]
  ink: string
  grid: string
  mark: string
  alarm: string
  font: string
}

/** Resolved on an element of the page, so that the theme that holds there is asked. */
export const inksOf = (element: HTMLElement): Inks => {
  const probe = document.createElement('span')
  element.append(probe)
  const colour = (name: string) => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color
  }
  const inks = {
    lines: colours.map(colour),
    ink: colour('--ink-2'),
    grid: colour('--line'),
    mark: colour('--ink-3'),
    alarm: colour('--bad'),
    font: `11px ${getComputedStyle(probe).fontFamily}`,
  }
  probe.remove()
  return inks
}

const dayMs = 86_400
/** `08:30`, with seconds where lines of the grid are closer, the day where it begins. */
const clock = (at: number, apart: number, zone: string): string => {
  const text = formatMoment(new Date(at * 1000).toISOString(), zone)
  const time = text.slice(11, apart < 60 ? 19 : 16)
  return apart >= dayMs || time === '00:00' ? text.slice(5, 10) : time
}

const labelWidth = 88
const labelHeight = 13

/** Names beside the ends of the lines, one under the other where they would meet. */
const drawNames = (plot: uPlot, panel: Panel, inks: Inks) => {
  const { ctx } = plot
  const ends = panel.lines.flatMap(({ label, points }, n) => {
    const last = points.at(-1)
    return last === undefined ? [] : [{ label, n, y: plot.valToPos(last[2], 'y') + plot.bbox.top / devicePixelRatio }]
  })
  ends.sort((a, b) => a.y - b.y)
  const bottom = (plot.bbox.top + plot.bbox.height) / devicePixelRatio
  for (const [n, one] of ends.entries()) one.y = Math.max(one.y, n === 0 ? labelHeight / 2 : ends[n - 1]!.y + labelHeight)
  for (let n = ends.length - 1; n >= 0; n--)
    ends[n]!.y = Math.min(ends[n]!.y, n === ends.length - 1 ? bottom : ends[n + 1]!.y - labelHeight)
  ctx.save()
  ctx.scale(devicePixelRatio, devicePixelRatio)
  ctx.font = inks.font
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  const left = (plot.bbox.left + plot.bbox.width) / devicePixelRatio + 5
  for (const { label, n, y } of ends) {
    let text = label
    while (text.length > 3 && ctx.measureText(text).width > labelWidth - 8) text = `${text.slice(0, -2)}…`
    ctx.fillStyle = inks.lines[n % inks.lines.length]!
    ctx.fillText(text, left, y)
  }
  ctx.restore()
}

/** A line from top to bottom, with a filled wedge where the primary moved, an open one for any other run, and a diamond at the bottom for an alarm. */
const drawMarks = (plot: uPlot, marks: readonly SampleMark[], inks: Inks) => {
  const { ctx, bbox } = plot
  const size = 5 * devicePixelRatio
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  for (const { at, kind } of marks) {
    const x = Math.round(plot.valToPos(at, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.setLineDash(kind === 'failover' ? [] : [2 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.strokeStyle = ctx.fillStyle = kind === 'alarm' ? inks.alarm : inks.mark
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.setLineDash([])
    ctx.beginPath()
    if (kind === 'alarm') {
      const bottom = bbox.top + bbox.height
      ctx.moveTo(x, bottom)
      ctx.lineTo(x + size, bottom - size)
      ctx.lineTo(x, bottom - 2 * size)
      ctx.lineTo(x - size, bottom - size)
    } else {
      ctx.moveTo(x - size, bbox.top)
      ctx.lineTo(x + size, bbox.top)
      ctx.lineTo(x, bbox.top + 1.6 * size)
    }
    ctx.closePath()
    if (kind !== 'run') ctx.fill()
    else ctx.stroke()
  }
  ctx.restore()
}

const range = (unit: ShownUnit) => (_: uPlot, low: number | null, high: number | null) => axisOf(low ?? 0, high ?? 0, unit)

export interface PlotOptions {
  panel: Panel
  marks: () => readonly SampleMark[]
  window: () => { from: number; to: number }
  inks: Inks
  zone: string
  width: number
  /** One cross-hair goes through all charts of one page. */
  page: string
  tzDate: (at: Date, zone: string) => Date
  onCursor: (places: readonly (number | null | undefined)[]) => void
  onBrush: (from: number, to: number) => void
}

export const plotHeight = 170

/** Of each line three series: its highest and lowest figures, with the ground between them shaded where the line is alone, and its mean. */
export const plotOptions = ({ panel, marks, window, inks, zone, width, page, tzDate, onCursor, onBrush }: PlotOptions): uPlot.Options => {
  const { lines, unit } = panel
  const isAlone = lines.length === 1
  const axis = { stroke: inks.ink, font: inks.font, grid: { stroke: inks.grid, width: 1 }, ticks: { stroke: inks.grid, width: 1, size: 4 } }
  const steps = gridSteps(unit)
  return {
    width,
    height: plotHeight,
    padding: [8, isAlone ? 12 : labelWidth, 0, 0],
    tzDate: (at) => tzDate(new Date(at * 1000), zone),
    legend: { show: false },
    scales: { x: { range: () => [window().from, window().to] }, y: { range: range(unit) } },
    axes: [
      { ...axis, space: 62, size: 26, gap: 4, values: (_, splits, _axis, _space, apart) => splits.map((at) => clock(at, apart, zone)) },
      {
        ...axis,
        space: 30,
        size: 68,
        gap: 4,
        values: (_, splits) => splits.map((value) => figureText(value, unit)),
        ...(steps && { incrs: steps }),
      },
    ],
    series: [
      {},
      ...lines.flatMap((_, n) => {
        const stroke = inks.lines[n % inks.lines.length]!
        // What is not drawn asks for no room on the axis.
        const bound = { stroke: 'transparent', width: 0, points: { show: false }, auto: isAlone }
        return [bound, bound, { stroke, width: 1.5, dash: [...dashes[n % dashes.length]!], points: { size: 4, fill: stroke } }]
      }),
    ],
    bands: isAlone ? [{ series: [1, 2], fill: inks.lines[0]!.replace(/^rgb\((.*)\)$/, 'rgb($1, 0.18)') }] : [],
    cursor: {
      y: false,
      sync: { key: page, setSeries: false, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
      drag: { x: true, y: false, setScale: false },
      points: { show: true, size: 6 },
      bind: { dblclick: () => null },
    },
    hooks: {
      draw: [
        (plot) => {
          drawMarks(plot, marks(), inks)
          if (!isAlone) drawNames(plot, panel, inks)
        },
      ],
      setCursor: [(plot) => onCursor([...(plot.cursor.idxs ?? [])])],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return
          const [from, to] = [plot.select.left, plot.select.left + plot.select.width].map((left) => plot.posToVal(left, 'x'))
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          onBrush(from!, to!)
        },
      ],
    },
  }
}
