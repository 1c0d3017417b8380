'use client'

import { State } from '@/components/ui/state'
import { Moment } from '@/components/ui/zone'
import { counted } from '@/lib/domain/values/counted'
import type { Tone } from '@/lib/kernel/resource/field'
import type { DryRunShown } from '@/lib/shapes/sizing'

type Outcome = DryRunShown['decisions'][number]['outcome']

const looks: Readonly<Record<Outcome, [Tone, string]>> = {
  resized: ['good', 'Would have resized'],
  'no-change': ['neutral', 'Nothing to change'],
  'not-met': ['neutral', 'Conditions not met'],
  unknown: ['warn', 'Not measured'],
  held: ['neutral', 'Held by a calendar'],
}
const shownMax = 50

/** What a dry run found: how often it would have resized, what that would have saved, and each time, newest first. */
export const DryRunTable = ({ dry, days }: { dry: DryRunShown; days: number }) => {
  const newest = [...dry.decisions].reverse()
  return (
    <section aria-label="Dry run" className="grid gap-2">
      <p role="status">
        <strong>{summaryOf(dry, days)}</strong>
      </p>
      <p className="text-ink-2">
        By what was recorded{dry.with.length > 0 ? `, together with ${dry.with.join(', ')}` : ''}. The checks of a resize look at the moment
        and are not part of it.{dry.isCut ? ' It was due more often than is judged at once; the last times are left out.' : ''}
      </p>
      {newest.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard.
        <section className="overflow-x-auto" tabIndex={0} aria-label="Table: decisions of the dry run">
          <table className="sheet" data-density="dense">
            <thead>
              <tr>
                <th scope="col">Due</th>
                <th scope="col">Outcome</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {newest.slice(0, shownMax).map(({ at, outcome, because }) => (
                <tr key={at}>
                  <td>
                    <Moment at={at} />
                  </td>
                  <td>
                    <State tone={looks[outcome][0]}>{looks[outcome][1]}</State>
                  </td>
                  <td className="min-w-64 !whitespace-normal">{because}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {newest.length > shownMax && <p className="text-ink-2">{newest.length - shownMax} earlier ones are not shown.</p>}
    </section>
  )
}

const summaryOf = ({ decisions, savedUsd }: DryRunShown, days: number): string => {
  const count = (wanted: Outcome) => decisions.filter(({ outcome }) => outcome === wanted).length
  const [resized, unknown] = [count('resized'), count('unknown')]
  const times = `In the last ${days} days it was due ${counted(decisions.length, 'time')} and would have resized ${counted(resized, 'time')}`
  if (resized === 0) return unknown === 0 ? `${times}.` : `${times}: at ${unknown} of them not enough had been recorded.`
  if (savedUsd === null) return `${times}; what that saves is not known, for the console has no price of a type.`
  const dollars = `$${Math.abs(savedUsd).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
  return `${times}; it would have ${savedUsd < 0 ? 'cost' : 'saved'} ${dollars}${savedUsd < 0 ? ' more' : ''}.`
}
