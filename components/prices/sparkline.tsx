import { hourlyDollars } from '@/lib/domain/prices/month'

const [width, height, edge] = [96, 20, 1.5]

/** The days of a price; between its lowest and highest, since a price hardly ever halves. A gap where a day is not known. */
const pathOf = (days: readonly (number | null)[], low: number, high: number): string => {
  const across = (width - 2 * edge) / Math.max(1, days.length - 1)
  const span = high - low || 1
  return days
    .map((usd, day) => {
      if (usd === null) return ''
      const at = `${(edge + day * across).toFixed(1)} ${(height - edge - ((usd - low) / span) * (height - 2 * edge)).toFixed(1)}`
      return `${(days[day - 1] ?? null) === null ? 'M' : 'L'}${at}`
    })
    .join('')
}

/** The spot price of the last 30 days, with its lowest and highest. */
export const Sparkline = ({ days, name }: { days: readonly (number | null)[]; name: string }) => {
  const known = days.filter((usd) => usd !== null)
  if (known.length < 2) return <span className="text-ink-3">not known</span>
  const [low, high] = [Math.min(...known), Math.max(...known)]
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Spot price of ${name} over ${days.length} days: lowest ${hourlyDollars(low)}, highest ${hourlyDollars(high)} per hour`}
    >
      <path d={pathOf(days, low, high)} />
    </svg>
  )
}
