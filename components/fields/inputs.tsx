'use client'

import clsx from 'clsx'
import type { ComponentType } from 'react'
import { Button } from '@/components/ui/button'
import type { FieldKind } from '@/lib/kernel/resource/field'
import type { InputProps } from './input-props'
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
  <span className="flex min-h-8 items-center">
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
  </span>
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
      placeholder={value === true ? 'Set. Type to replace it.' : value === false ? 'Will be taken away when you save.' : 'Not set'}
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onBlur}
    />
    {value === true && (
      <Button aria-label={`Take away ${field.label}`} disabled={isDisabled} onClick={() => onChange(false)}>
        Take away
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

/** The input of each kind of field. They hold text (or a flag); the schema reads it. */
export const inputs = {
  text: Line,
  longText: Lines,
  hostname: Line,
  path: Line,
  port: Line,
  integer: Line,
  bytes: Line,
  seconds: Line,
  flag: Flag,
  secret: Secret,
  choice: ChoiceInput,
  moment: MomentInput,
  lsn: Line,
  tags: Tags,
  reference: ReferenceInput,
  json: Lines,
} satisfies Record<FieldKind, ComponentType<InputProps>>
