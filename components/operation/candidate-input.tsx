'use client'

import { useId } from 'react'
import type { InputField } from './input-fields'
import { type FindChoices, useChoices } from './pick-input'

/** Who takes over, as a choice with what speaks for each: the best by rank, or one standby by name. A link may have filled it with an id or a title. */
export const CandidateInput = ({
  field,
  value,
  error,
  targets,
  choices,
  onChange,
}: {
  field: InputField
  value: string
  error?: string
  /** null: not known yet. */
  targets: readonly string[] | null
  choices: FindChoices
  onChange: (value: string) => void
}) => {
  const id = useId()
  const found = useChoices('candidate', targets, choices)
  const listed = found?.ok ? found.value : []
  const best = listed.find(({ barredBecause }) => barredBecause === undefined)
  const initial = String(field.initial)
  const isListed = value === initial || listed.some((one) => one.value === value || one.title === value)
  return (
    <fieldset className="field">
      <legend className="label">{field.label}</legend>
      <div className="plan-candidates">
        <label>
          <input type="radio" name={id} checked={value === initial} onChange={() => onChange(initial)} />
          <span>Best by rank{best && <span className="text-ink-2">: {best.title}</span>}</span>
        </label>
        {listed.map((one) => (
          <label key={one.value} data-barred={one.barredBecause !== undefined || undefined}>
            <input
              type="radio"
              name={id}
              checked={one.value === value || one.title === value}
              disabled={one.barredBecause !== undefined}
              onChange={() => onChange(one.value)}
            />
            <span>
              {one.title}
              <span className="block text-ink-2">
                {[...(one.details ?? []), ...(one.barredBecause ? [one.barredBecause] : [])].join(' · ')}
              </span>
            </span>
          </label>
        ))}
        {!isListed && (
          <label>
            <input type="radio" name={id} checked readOnly />
            <span>{value}</span>
          </label>
        )}
      </div>
      {found && !found.ok && <p className="error">{found.message}</p>}
      {targets !== null && targets.length > 1 && <p className="help">A standby can be chosen for one herd at a time.</p>}
      {error && <p className="error">{error}</p>}
    </fieldset>
  )
}
