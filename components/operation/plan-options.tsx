'use client'

import { useId } from 'react'
import { Field } from '@/components/ui/field'
import { parseBytes } from '@/lib/domain/values/bytes'
import type { FieldProblem } from '@/lib/kernel/ground/errors'
import type { Json } from '@/lib/kernel/ground/json'
import { policyBounds, type RunPolicy } from '@/lib/kernel/operation/plan'
import { CandidateInput } from './candidate-input'
import { bytesText, type InputField } from './input-fields'
import { type FindChoices, PickInput } from './pick-input'

type Values = Readonly<Record<string, Json | undefined>>

const InputControl = ({
  field,
  value,
  error,
  targets,
  choices,
  onChange,
}: {
  field: InputField
  value: Json
  error?: string
  targets: readonly string[] | null
  choices: FindChoices
  onChange: (value: Json) => void
}) => {
  const id = useId()
  const control = field.control
  if (control.kind === 'flag')
    return (
      <div className="field">
        <label htmlFor={id} className="flex items-center gap-2">
          <input id={id} type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
          {field.label}
        </label>
        {field.help && <p className="help">{field.help}</p>}
        {error && <p className="error">{error}</p>}
      </div>
    )
  if (control.kind === 'choice')
    return (
      <fieldset className="field">
        <legend className="label">{field.label}</legend>
        <div className="flex flex-wrap gap-x-4 gap-y-1">
          {control.choices.map((choice) => (
            <label key={choice} className="inline-flex items-center gap-1.5">
              <input type="radio" name={id} checked={value === choice} onChange={() => onChange(choice)} />
              {choice}
            </label>
          ))}
        </div>
        {field.help && <p className="help">{field.help}</p>}
        {error && <p className="error">{error}</p>}
      </fieldset>
    )
  if (control.kind === 'pick' && control.of === 'candidate')
    return (
      <CandidateInput field={field} value={String(value ?? '')} error={error} targets={targets} choices={choices} onChange={onChange} />
    )
  if (control.kind === 'bytes') {
    const typed = bytesText(value)
    const problem = typed === '' || parseBytes(typed) !== null ? error : 'Give a size with its unit, such as 16 MB.'
    return (
      <Field label={field.label} help={field.help} error={problem} isRequired={field.required}>
        {(ids) => <input {...ids} className="input max-w-40" value={typed} onChange={(event) => onChange(event.target.value)} />}
      </Field>
    )
  }
  const text = value === null ? '' : String(value)
  return (
    <Field label={field.label} help={field.help} error={error} isRequired={field.required}>
      {(ids) =>
        control.kind === 'pick' ? (
          <PickInput field={field} of={control.of} ids={ids} value={text} targets={targets} choices={choices} onChange={onChange} />
        ) : control.kind === 'number' ? (
          <input
            {...ids}
            className="input max-w-40"
            type="number"
            inputMode="numeric"
            min={control.min ?? undefined}
            max={control.max ?? undefined}
            step={control.isWhole ? 1 : 'any'}
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : control.isLong ? (
          <textarea
            {...ids}
            className="input font-mono"
            rows={6}
            spellCheck={false}
            maxLength={control.maxLength ?? undefined}
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <input
            {...ids}
            className="input max-w-96"
            maxLength={control.maxLength ?? undefined}
            value={text}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Field>
  )
}

const WholeNumber = ({
  label,
  help,
  error,
  value,
  bounds,
  onChange,
}: {
  label: string
  help: string
  error?: string
  value: number | null
  bounds: { min: number; max?: number }
  onChange: (value: number | null) => void
}) => (
  <Field label={label} help={help} error={error}>
    {(ids) => (
      <input
        {...ids}
        className="input max-w-28"
        type="number"
        inputMode="numeric"
        {...bounds}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value === '' ? null : Number(event.target.value))}
      />
    )}
  </Field>
)

/** The operation's own input and the run's policy. Empty numbers of the policy mean "no limit" where that is allowed, else the former value. */
export const PlanOptions = ({
  fields,
  values,
  policy,
  problems,
  targets,
  choices,
  onInput,
  onPolicy,
}: {
  fields: readonly InputField[]
  values: Values
  policy: RunPolicy
  problems: readonly FieldProblem[]
  /** Ids of what the plan is for; null: not known yet. */
  targets: readonly string[] | null
  choices: FindChoices
  onInput: (name: string, value: Json) => void
  /** What was changed of it. */
  onPolicy: (change: Partial<RunPolicy>) => void
}) => {
  const problemOf = (path: string) => problems.find((problem) => problem.path === path || problem.path === `input.${path}`)?.message
  return (
    <div className="plan-options">
      {fields.length > 0 && (
        <div className="grid content-start gap-4">
          {fields.map((field) => (
            <InputControl
              key={field.name}
              field={field}
              value={values[field.name] ?? field.initial}
              error={problemOf(field.name)}
              targets={targets}
              choices={choices}
              onChange={(value) => onInput(field.name, value)}
            />
          ))}
        </div>
      )}
      <fieldset className="plan-policy">
        <legend>Run policy</legend>
        <WholeNumber
          label="Targets in parallel"
          help="Over the whole run."
          error={problemOf('policy.parallel')}
          bounds={policyBounds.parallel}
          value={policy.parallel}
          onChange={(parallel) => onPolicy({ parallel: parallel ?? policy.parallel })}
        />
        <WholeNumber
          label="Targets in parallel on one server"
          help="Limits the load on a host that has several targets."
          error={problemOf('policy.perServer')}
          bounds={policyBounds.perServer}
          value={policy.perServer}
          onChange={(perServer) => onPolicy({ perServer: perServer ?? policy.perServer })}
        />
        <WholeNumber
          label="Stop after failures"
          help="No further target starts after this many failures. Empty: continue."
          error={problemOf('policy.stopAfterFailures')}
          bounds={policyBounds.stopAfterFailures}
          value={policy.stopAfterFailures}
          onChange={(stopAfterFailures) => onPolicy({ stopAfterFailures })}
        />
        <WholeNumber
          label="Deadline (minutes)"
          help="No further target starts after it. Empty: no deadline."
          error={problemOf('policy.deadlineSeconds')}
          bounds={{ min: 1, max: policyBounds.deadlineSeconds.max / 60 }}
          value={policy.deadlineSeconds === null ? null : policy.deadlineSeconds / 60}
          onChange={(minutes) => onPolicy({ deadlineSeconds: minutes === null ? null : Math.round(minutes * 60) })}
        />
        <label className="inline-flex items-center gap-2">
          <input type="checkbox" checked={policy.standbysFirst} onChange={(event) => onPolicy({ standbysFirst: event.target.checked })} />
          Standbys before their primary
        </label>
      </fieldset>
    </div>
  )
}

/** The policy in one line, for when its form is folded away. */
export const policyWords = (policy: RunPolicy): string =>
  [
    `${policy.parallel} in parallel`,
    `${policy.perServer} per server`,
    policy.standbysFirst ? 'standbys first' : 'in any order',
    policy.stopAfterFailures === null
      ? 'continues after failures'
      : `stops after ${policy.stopAfterFailures} ${policy.stopAfterFailures === 1 ? 'failure' : 'failures'}`,
    policy.deadlineSeconds === null ? 'no deadline' : `within ${Math.round(policy.deadlineSeconds / 60)} min`,
  ].join(', ')
