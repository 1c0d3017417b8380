import type { Json } from '@/lib/kernel/ground/json'
import type { FieldSpec } from '@/lib/kernel/resource/field'

/** What an input holds: always a text or a flag; the form's schema turns it into the stored value. */
export type InputValue = string | boolean

const local = (at: string): string => {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? '' : new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/**
 * A stored value as it stands in its input; typing nothing and saving gives the same value back. Sizes and durations are exact: a unit only where
 * nothing is lost. Moments are the browser's local time.
 */
export const toInput = (value: Json | undefined, spec: FieldSpec): InputValue => {
  if (spec.kind === 'flag') return value === true
  // Set, and not to be read by anybody.
  if (spec.kind === 'secret') return value === true ? true : ''
  if (value === null || value === undefined) return ''
  switch (spec.kind) {
    case 'tags':
      return Array.isArray(value) ? value.join(spec.pattern ? '\n' : ' ') : String(value)
    case 'json':
      return JSON.stringify(value, null, 2)
    case 'bytes':
      return exactBytes(Number(value))
    case 'seconds':
      return `${value}s`
    case 'moment':
      return local(String(value))
    default:
      return String(value)
  }
}

/** The text of an input as the schema reads it: a local moment becomes UTC, the rest goes as it is. */
export const fromInput = (input: InputValue, spec: FieldSpec): Json => {
  if (spec.kind !== 'moment' || typeof input !== 'string' || input === '') return input
  const time = new Date(input)
  return Number.isNaN(time.getTime()) ? input : time.toISOString()
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
