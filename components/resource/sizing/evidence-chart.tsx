'use client'

import { useId, useMemo, useState } from 'react'
import '../../charts/charts.css'
import { ChartCard } from '@/components/charts/chart-card'
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
  const [chosen, choose] = useState<{ from: number; to: number } | null>(null)
  const panel = useMemo(() => {
    const used = points.map(({ at, vcpus }): [number, number, number, number] => [at / 1000, vcpus, vcpus, vcpus])
    const bound = limit === null ? [] : used.map(([at]): [number, number, number, number] => [at, limit, limit, limit])
    return {
      title: 'vCPUs used by the busiest standby',
      unit: 'ratio' as const,
      lines: [{ label: 'used', points: used }, ...(limit === null ? [] : [{ label: `limit on ${type}`, points: bound }])],
    }
  }, [points, limit, type])
  const window = chosen ?? { from: Math.max(whole.from, whole.to - shownDays * 86_400), to: whole.to }
  const zoom = (factor: number, at = (window.from + window.to) / 2) => {
    const half = Math.max(hourSeconds * 3, ((window.to - window.from) * factor) / 2)
    choose({ from: Math.max(whole.from, at - half), to: Math.min(whole.to, at + half) })
  }
  return (
    <div className="grid gap-2">
      <ChartCard
        panel={panel}
        marks={[]}
        window={window}
        page={page}
        step={hourSeconds}
        note="Of each hour its highest minute, by load or CPU, whichever is more."
        onBrush={(from, to) => choose({ from, to })}
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
