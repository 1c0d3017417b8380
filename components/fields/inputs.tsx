'use client'

import clsx from 'clsx'
import type { ComponentType } from 'react'
import { Button } from '@/components/ui/button'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldKind, FieldSpec } from '@/lib/kernel/resource/field'
import type { InputProps, InputValue } from './input-props'
import { ReferenceInput } from './reference-input'

const Line = ({ field, ids, name, value, onChange, onBlur, isDisabled, focusRef }: InputProps) => (
  <input
    {...ids}
    ref={focusRef}
    className={clsx('input', codes.has(field.kind) && 'font-mono', shorts.has(field.kind) && 'max-w-40')}
    name={name}
    inputMode={field.kind === 'port' || field.kind === 'integer' ? 'numeric' : 'text'}
    autoComplete="off"
    spellCheck={false}
    disabled={isDisabled}
    value={String(value)}
    onChange={(event) => onChange(event.target.value)}
    onBlur={onBlur}
  />
)

const Lines = ({ field, ids, name, value, onChange, onBlur, isDisabled, focusRef }: InputProps) => (
  <textarea
    {...ids}
    ref={focusRef}
    className={codes.has(field.kind) ? 'input font-mono' : 'input'}
    name={name}
    rows={codes.has(field.kind) ? 8 : 4}
    spellCheck={!codes.has(field.kind)}
    disabled={isDisabled}
    value={String(value)}
    onChange={(event) => onChange(event.target.value)}
    onBlur={onBlur}
  />
)

const shorts: ReadonlySet<FieldKind> = new Set(['port', 'integer', 'bytes', 'seconds', 'lsn'])
const codes: ReadonlySet<FieldKind> = new Set(['path', 'lsn', 'json'])

const Tags = (props: InputProps) => (props.field.kind === 'tags' && props.field.pattern ? <Lines {...props} /> : <Line {...props} />)

const Flag = ({ ids: { 'aria-required': _needed, ...ids }, name, value, onChange, onBlur, isDisabled, focusRef }: InputProps) => (
  <input
    {...ids}
    ref={focusRef}
    type="checkbox"
    name={name}
    disabled={isDisabled}
    checked={value === true}
    onChange={(event) => onChange(event.target.checked)}
    onBlur={onBlur}
  />
)

/** Write-only. true: one is set and stays; a text replaces it; false: it is taken away. */
const Secret = ({ field, ids, name, value, onChange, onBlur, isDisabled, focusRef }: InputProps) => (
  <div className="flex gap-2">
    <input
      {...ids}
      ref={focusRef}
      type="password"
      className="input font-mono"
      name={name}
      autoComplete="new-password"
      spellCheck={false}
      disabled={isDisabled}
      placeholder={value === true ? 'Set. Type to replace it.' : value === false ? 'Will be removed when you save.' : 'Not set'}
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onBlur}
    />
    {value === true && (
      <Button aria-label={`Remove ${field.label}`} disabled={isDisabled} onClick={() => onChange(false)}>
        Remove
      </Button>
    )}
    {value === false && (
      <Button aria-label={`Keep ${field.label}`} disabled={isDisabled} onClick={() => onChange(true)}>
        Keep
      </Button>
    )}
  </div>
)

const ChoiceInput = ({ field, ids, name, value, onChange, onBlur, isDisabled, focusRef }: InputProps) => (
  <select
    {...ids}
    ref={focusRef}
    className="input"
    name={name}
    disabled={isDisabled}
    value={String(value)}
    onChange={(event) => onChange(event.target.value)}
    onBlur={onBlur}
  >
    {(!field.required || value === '') && <option value="">{field.required ? 'Choose…' : 'The default'}</option>}
    {field.kind === 'choice' &&
      field.choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
  </select>
)

const MomentInput = ({ ids, name, value, onChange, onBlur, isDisabled, focusRef }: InputProps) => (
  <input
    {...ids}
    ref={focusRef}
    type="datetime-local"
    step={1}
    className="input w-auto"
    name={name}
    disabled={isDisabled}
    value={String(value)}
    onChange={(event) => onChange(event.target.value)}
    onBlur={onBlur}
  />
)

const local = (at: string): string => {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? '' : new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

const exactBytes = (bytes: number): string => {
  for (const [unit, size] of [
    ['TB', 1024 ** 4],
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['kB', 1024],
  ] as const)
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  return String(bytes)
}

const utc = (input: string): string => {
  const time = new Date(input)
  return Number.isNaN(time.getTime()) ? input : time.toISOString()
}

/** How a kind of field is typed in. */
interface InputKind {
  Input: ComponentType<InputProps>
  /** A stored value as the input holds it. Default: as a string. Sizes and durations are exact: a unit only where nothing is lost. */
  hold?: (value: Exclude<Json, null>, spec: FieldSpec) => InputValue
  /** What the input holds for null. Default: ''. */
  empty?: false
  /** The text of the input as the schema reads it. Default: as it is. */
  read?: (input: string) => Json
}

const inputs = {
  text: { Input: Line },
  longText: { Input: Lines },
  hostname: { Input: Line },
  path: { Input: Line },
  port: { Input: Line },
  integer: { Input: Line },
  bytes: { Input: Line, hold: (value) => exactBytes(Number(value)) },
  seconds: { Input: Line, hold: (value) => `${value}s` },
  flag: { Input: Flag, hold: (value) => value === true, empty: false },
  // Set, and not to be read by anybody.
  secret: { Input: Secret, hold: (value) => (value === true ? true : '') },
  choice: { Input: ChoiceInput },
  // The browser's local time.
  moment: { Input: MomentInput, hold: (value) => local(String(value)), read: utc },
  lsn: { Input: Line },
  tags: {
    Input: Tags,
    hold: (value, spec) => (Array.isArray(value) ? value.join(spec.kind === 'tags' && spec.pattern ? '\n' : ' ') : String(value)),
  },
  reference: { Input: ReferenceInput },
  json: { Input: Lines, hold: (value) => JSON.stringify(value, null, 2) },
} satisfies Record<FieldKind, InputKind>

const kindOf = (kind: FieldKind): InputKind => inputs[kind]

export const inputOf = (kind: FieldKind): ComponentType<InputProps> => inputs[kind].Input

/** A stored value as it stands in its input; typing nothing and saving gives the same value back. */
export const toInput = (value: Json | undefined, spec: FieldSpec): InputValue => {
  const { hold = String, empty = '' } = kindOf(spec.kind)
  if (value === null || value === undefined) return spec.kind === 'flag' && spec.initially ? true : empty
  return hold(value, spec)
}

/** What an input holds as the form's schema reads it. */
export const fromInput = (input: InputValue, spec: FieldSpec): Json =>
  typeof input === 'string' && input !== '' ? (kindOf(spec.kind).read?.(input) ?? input) : input
