'use client'

import Link from 'next/link'
import { useSearchParams } from 'next/navigation'
import { useId, useMemo } from 'react'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Note } from '@/components/ui/note'
import { Moment } from '@/components/ui/zone'
import { formatDuration } from '@/lib/domain/values/duration'
import type { SampleMark, SampleSubject } from '@/lib/shapes/samples'
import './charts.css'
import { ChartCard } from './chart-card'
import { fullIn, panelsOf } from './panels'
import { between, moved, type Range, rangeNames, rangeOf, rangeQuery, rangeWords, windowOf, zoomed } from './range'
import { useSamples } from './use-samples'

const iso = (at: number): string => new Date(at * 1000).toISOString()

/** What an object looked like over time. The page's address keeps the range, so that a link shows a colleague the same. `address`: of its samples. */
export const Charts = ({ of, address }: { of: SampleSubject; address: string }) => {
  const page = useId()
  const range = rangeOf(useSearchParams())
  const { seen, because, isOld } = useSamples(address, range)
  const now = () => Date.now() / 1000
  const show = (next: Range) => history.pushState(null, '', `?${rangeQuery(next)}`)
  const found = useMemo(() => seen && panelsOf(of, seen.samples), [of, seen])
  // What the disk did then says nothing of when it is full.
  const full = seen && 'last' in range ? fullIn(of, seen.samples) : null
  const shown = seen?.window ?? null
  return (
    <div className="page-body">
      {because !== null && <Note tone="bad" title={because} isAlert />}
      <div className="chart-bar">
        <fieldset>
          <legend className="sr-only">Time shown</legend>
          {rangeNames.map((last) => (
            <Button key={last} isSmall aria-pressed={'last' in range && range.last === last} onClick={() => show({ last })}>
              {rangeWords[last]}
            </Button>
          ))}
        </fieldset>
        <fieldset>
          <legend className="sr-only">Move the time shown</legend>
          <Button isSmall onClick={() => show(moved(range, -0.5, now()))}>
            Earlier
          </Button>
          <Button isSmall onClick={() => show(moved(range, 0.5, now()))} disabled={'last' in range}>
            Later
          </Button>
          <Button isSmall onClick={() => show(zoomed(range, 0.5, now()))}>
            Zoom in
          </Button>
          <Button isSmall onClick={() => show(zoomed(range, 2, now()))}>
            Zoom out
          </Button>
        </fieldset>
        <span role="status" className="text-ink-2">
          {shown === null || seen === null ? (
            because === null && 'Reading samples…'
          ) : (
            <>
              <Moment at={iso(shown.from)} /> to <Moment at={iso(shown.to)} />, a point for {formatDuration(seen.samples.stepSeconds)}
              {isOld && ', reading what was chosen…'}
            </>
          )}
        </span>
      </div>
      {seen !== null && found !== null && (
        <>
          {found.shown.length === 0 && (
            <Note tone="info" title="No samples in this time">
              A worker samples what it observes. What is not known is left blank, never drawn as zero.
            </Note>
          )}
          <div className="charts">
            {found.shown.map((panel) => (
              <ChartCard
                key={panel.title}
                panel={panel}
                step={seen.samples.stepSeconds}
                marks={seen.samples.marks}
                window={seen.window}
                page={page}
                note={
                  panel.title === 'Fullest disk' && full !== null
                    ? `Full in ${formatDuration(full)} at the fill rate of the last hour.`
                    : undefined
                }
                onBrush={(from, to) => show(between(from, to))}
                onZoom={(factor, at) => show(zoomed(windowRange(range, now()), factor, now(), at))}
              />
            ))}
          </div>
          {found.empty.length > 0 && found.shown.length > 0 && (
            <p className="text-ink-2">Nothing is known in this time of: {found.empty.join(', ')}.</p>
          )}
          <Card title={of === 'fleet' ? 'Failovers and alarms in this time' : 'Runs and alarms in this time'}>
            {seen.samples.marks.length === 0 ? (
              <p className="text-ink-2">None.</p>
            ) : (
              <ul className="chart-marks">
                {seen.samples.marks.map(({ at, kind, title, href }) => (
                  <li key={`${at} ${href} ${title}`}>
                    <span aria-hidden="true">{markSigns[kind]}</span> <Moment at={iso(at)} />{' '}
                    <Link href={href} prefetch={false}>
                      {title}
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <p className="text-ink-2">
            Drag across a chart to choose a time. Keys on a chart: ← and → move the cross-hair, + and − zoom. The same figures:{' '}
            <a href={`${address}?from=${iso(seen.window.from)}&to=${iso(seen.window.to)}&format=csv`}>CSV</a>,{' '}
            <a href={`${address}?from=${iso(seen.window.from)}&to=${iso(seen.window.to)}`}>JSON</a>.
          </p>
        </>
      )}
    </div>
  )
}

/** As they are drawn in the charts. */
const markSigns: Record<SampleMark['kind'], string> = { failover: '▼', run: '▽', alarm: '◆' }

const windowRange = (range: Range, now: number): Range => {
  const { from, to } = windowOf(range, now)
  return between(from, to)
}
