'use client'

import { useId, useMemo } from 'react'
import '../charts/charts.css'
import { ChartCard } from '@/components/charts/chart-card'
import { useWindow } from '@/components/charts/use-window'
import { Button } from '@/components/ui/button'
import type { LedgerShown } from '@/lib/shapes/ledger'

const daySeconds = 86_400

/** What a day cost, and what it would have cost had the machines stayed large. */
export const LedgerChart = ({ days }: { days: LedgerShown['days'] }) => {
  const page = useId()
  const panel = useMemo(() => {
    const line = (label: string, of: (day: LedgerShown['days'][number]) => number) => ({
      label,
      points: days.map((day): [number, number, number, number] => {
        const usd = of(day)
        return [Date.parse(`${day.day}T00:00:00Z`) / 1000, usd, usd, usd]
      }),
    })
    return {
      title: 'Cost of a day',
      unit: 'dollars' as const,
      lines: [line('staying large', ({ bigUsd }) => bigUsd), line('as it was', ({ usd }) => usd)],
    }
  }, [days])
  const moments = panel.lines[0]!.points.map(([at]) => at)
  const whole = { from: (moments[0] ?? 0) - daySeconds / 2, to: (moments.at(-1) ?? 0) + daySeconds / 2 }
  const { window, chosen, choose, brush, zoom } = useWindow(whole, whole, daySeconds)
  return (
    <div className="grid gap-2">
      <ChartCard
        panel={panel}
        marks={[]}
        window={window}
        page={page}
        step={daySeconds}
        note="A day of UTC each; the last one is not over."
        onBrush={brush}
        onZoom={zoom}
      />
      {chosen !== null && (
        <p>
          <Button isSmall onClick={() => choose(null)}>
            Whole time
          </Button>
        </p>
      )}
    </div>
  )
}
