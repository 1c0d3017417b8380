'use client'

import { useId, useMemo } from 'react'
import '../../charts/charts.css'
import { ChartCard } from '@/components/charts/chart-card'
import { useWindow } from '@/components/charts/use-window'
import { Button } from '@/components/ui/button'
import type { Evidence } from '@/lib/domain/rules/recommend'

const hourSeconds = 3600
const shownDays = 14

/** What the busiest standby used in each hour, and how much of the recommended type may be used. */
export const EvidenceChart = ({ evidence: { points, limit }, type }: { evidence: Evidence; type: string | null }) => {
  const page = useId()
  const whole = useMemo(() => {
    const to = (points.at(-1)?.at ?? 0) / 1000 + hourSeconds
    return { from: (points[0]?.at ?? 0) / 1000, to }
  }, [points])
  const panel = useMemo(() => {
    const used = points.map(({ at, vcpus }): [number, number, number, number] => [at / 1000, vcpus, vcpus, vcpus])
    const bound = limit === null ? [] : used.map(([at]): [number, number, number, number] => [at, limit, limit, limit])
    return {
      title: 'vCPUs used by the busiest standby',
      unit: 'ratio' as const,
      lines: [{ label: 'used', points: used }, ...(limit === null ? [] : [{ label: `limit on ${type}`, points: bound }])],
    }
  }, [points, limit, type])
  const last = { from: Math.max(whole.from, whole.to - shownDays * 86_400), to: whole.to }
  const { window, choose, brush, zoom } = useWindow(whole, last, hourSeconds * 3)
  return (
    <div className="grid gap-2">
      <ChartCard
        panel={panel}
        marks={[]}
        window={window}
        page={page}
        step={hourSeconds}
        note="Of each hour its highest minute, by load or CPU, whichever is more."
        onBrush={brush}
        onZoom={zoom}
      />
      <p className="flex gap-2">
        <Button isSmall onClick={() => choose(whole)}>
          All four weeks
        </Button>
        <Button isSmall onClick={() => choose(null)}>
          Last {shownDays} days
        </Button>
      </p>
    </div>
  )
}
