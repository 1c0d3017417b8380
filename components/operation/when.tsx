'use client'

import { useId } from 'react'
import { Field } from '@/components/ui/field'
import { Note } from '@/components/ui/note'
import { formatUtc } from '@/components/ui/time'
import { Age, Moment, useZone } from '@/components/ui/zone'
import { parseTime } from '@/lib/domain/values/appointed-time'
import { closedAt, nextOpening } from '@/lib/domain/values/maintenance-window'
import type { Plan, PlanEnvironment } from '@/lib/kernel/operation/plan'

export interface When {
  kind: 'now' | 'at' | 'window'
  /** What the field holds: a date and an hour without a zone. */
  local: string
}

/** The moment that was chosen, or what is missing, in words. */
export const chosenMoment = ({ kind, local }: When, zone: string, plan: Pick<Plan, 'environments'>, now: Date): Date | string => {
  if (kind === 'now') return now
  if (kind === 'window') return nextOpening(plan.environments, now) ?? 'No maintenance window opens within two weeks.'
  if (local === '') return 'Choose the time.'
  const parsed = parseTime(appointedText(local, zone))
  if (typeof parsed === 'string') return parsed
  return parsed.at.getTime() > now.getTime() ? parsed.at : 'Choose a time in the future.'
}

/** As the console takes it: the field's value with the zone it was meant in. */
export const appointedText = (local: string, zone: string): string => `${local.replace('T', ' ')} ${zone}`

const whenPlanned =
  'At that time a worker makes this plan again in your name. The run is skipped, with the reason on the front page, when a check refuses, when a check warns of something that is not in this plan, when a target has changed, or when no worker starts it within 15 minutes.'

/** Now, at a time, or when the windows open; the last only where there are any and they are closed. What waits already is not moved to now. */
export const WhenFields = ({
  plan,
  isMove = false,
  openedAt,
  value,
  onChange,
}: {
  plan: Pick<Plan, 'environments' | 'isDisruptive'>
  isMove?: boolean
  openedAt: Date
  value: When
  onChange: (value: When) => void
}) => {
  const name = useId()
  const zone = useZone()
  const moment = chosenMoment(value, zone, plan, openedAt)
  const opens = plan.isDisruptive && closedAt(plan.environments, openedAt).length > 0 ? nextOpening(plan.environments, openedAt) : null
  const choice = (kind: When['kind'], label: React.ReactNode) => (
    <label className="inline-flex items-center gap-1.5">
      <input type="radio" name={name} checked={value.kind === kind} onChange={() => onChange({ ...value, kind })} />
      {label}
    </label>
  )
  return (
    <fieldset className="field">
      <legend className="label">{isMove ? 'Move it to' : 'When'}</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {!isMove && choice('now', 'Now')}
        {opens &&
          choice(
            'window',
            <span>
              When the window opens, <Moment at={opens.toISOString()} />
            </span>,
          )}
        {choice('at', isMove ? 'A time' : 'At a time')}
      </div>
      {value.kind === 'at' && (
        <Field
          label={`Date and time, ${zone}`}
          help={
            value.local !== '' &&
            typeof moment !== 'string' && (
              <>
                <Age at={moment.toISOString()} />, which is {formatUtc(moment.toISOString())}
              </>
            )
          }
        >
          {(ids) => (
            <input
              {...ids}
              className="input max-w-64"
              type="datetime-local"
              value={value.local}
              onChange={(event) => onChange({ ...value, local: event.target.value })}
            />
          )}
        </Field>
      )}
      {value.kind !== 'now' && !isMove && <p className="help">{whenPlanned}</p>}
    </fieldset>
  )
}

/** Which environments are outside their windows at the chosen time, and the box that says it must run all the same. */
export const OutsideWindow = ({
  closed,
  isNow,
  isChecked,
  onChange,
}: {
  closed: ReturnType<typeof closedAt<PlanEnvironment>>
  isNow: boolean
  isChecked: boolean
  onChange: (isChecked: boolean) => void
}) => (
  <Note tone="warn" title={`Outside the maintenance windows of ${closed.map(({ environment }) => environment.name).join(', ')}`}>
    {closed.map(({ environment, opensAt }) => (
      <p key={environment.id}>
        {environment.name}: {environment.maintenanceWindows.join(', ')}.{' '}
        {opensAt && (
          <>
            Next opens at <Moment at={opensAt.toISOString()} />.
          </>
        )}
      </p>
    ))}
    <label className="inline-flex items-center gap-2">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
      Run it {isNow ? 'now' : 'then'} all the same; the reason below goes into the audit log
    </label>
  </Note>
)
