import { escapeHtml } from '@/components/ui/html'
import { figureText, type ShownUnit } from '@/lib/domain/samples/figure-text'
import { hostMetrics, instanceMetrics, type SampleMetric } from '@/lib/domain/samples/metrics'
import type { Sparkline } from '@/lib/kernel/resource/resource'

const [width, height, edge] = [96, 20, 1.5]
const metrics: readonly SampleMetric[] = [...instanceMetrics, ...hostMetrics]

const unitOf = ({ metric, partOf }: Sparkline): ShownUnit =>
  partOf === undefined ? (metrics.find(({ name }) => name === metric)?.unit ?? 'ratio') : 'percent'

/** A line where figures follow each other, a dot where one stands alone, nothing where none is known. From zero, so that a height is an amount. */
const pathOf = (figures: readonly (number | null)[], unit: ShownUnit): string => {
  const top = unit === 'percent' ? 100 : Math.max(...figures.map((figure) => figure ?? 0)) || 1
  const across = (width - 2 * edge) / Math.max(1, figures.length - 1)
  const at = (figure: number, step: number) =>
    `${(edge + step * across).toFixed(1)} ${(height - edge - (Math.max(0, figure) / top) * (height - 2 * edge)).toFixed(1)}`
  return figures
    .map((figure, step) => {
      if (figure === null) return ''
      const isFirst = (figures[step - 1] ?? null) === null
      const isAlone = isFirst && (figures[step + 1] ?? null) === null
      return isAlone ? `M${at(figure, step)}h2` : `${isFirst ? 'M' : 'L'}${at(figure, step)}`
    })
    .join('')
}

/** The inside of a cell; the figure beside the line says what is now. `undefined`: not read yet. */
export const sparklineHtml = (figures: readonly (number | null)[] | undefined, spark: Sparkline): string => {
  if (figures === undefined) return ''
  const known = figures.filter((figure) => figure !== null)
  if (known.length === 0) return '<span class="text-ink-3">no samples</span>'
  const unit = unitOf(spark)
  const say = (figure: number) => figureText(figure, unit)
  // The last half hour may only just have begun.
  const newest = figures.at(-1) ?? figures.at(-2) ?? null
  const now = newest === null ? 'not known now' : say(newest)
  const label = `${spark.label}: now ${newest === null ? 'not known' : now}, lowest ${say(Math.min(...known))}, highest ${say(Math.max(...known))}`
  return `<svg class="spark" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}"><path d="${pathOf(figures, unit)}"/></svg>${escapeHtml(now)}`
}
