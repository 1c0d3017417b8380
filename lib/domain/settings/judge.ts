import { isQuotedList, listElements, type Parameter, type ParameterEdit } from './parameter'
import { settingNumber, showValue, storedValue } from './value'

type Kind = Pick<Parameter, 'name' | 'context' | 'type' | 'unit' | 'min' | 'max' | 'choices'>

/** Permissions of files are written, and shown, in octal. */
const isOctal = (name: string): boolean => /^(unix_socket_permissions|log_file_mode|data_directory_mode)$/i.test(name)

/** Why the server would not take it. A sentence without its end; null: nothing that can be told beforehand. */
export const valueProblem = (kind: Kind, text: string | null): string | null => {
  if (kind.context === 'internal') return 'it is fixed when the server is built or its cluster is made'
  if (text === null) return null
  if (isOctal(kind.name)) return /^0?[0-7]{1,3}$/.test(text) ? null : 'it is a permission in octal, such as 0700'
  if (kind.type === 'bool') return storedValue(text, kind) === null ? 'it is on or off' : null
  if (kind.type === 'enum') {
    const choices = kind.choices ?? []
    return choices.includes(text.trim().toLowerCase()) ? null : `it is one of ${choices.join(', ')}`
  }
  if (kind.type === 'string')
    return isQuotedList(kind.name) && listElements(text).length === 0 ? 'an empty list is not written: use DEFAULT' : null
  return numberProblem(kind, text)
}

const numberProblem = (kind: Kind, text: string): string | null => {
  const value = settingNumber(text, kind)
  if (value === null) return kind.unit === null ? 'it is a number' : `it is a number with or without a unit (${kind.unit})`
  const [min, max] = [kind.min, kind.max].map((bound) => settingNumber(bound, kind))
  if (min !== null && min !== undefined && value < min) return `it is at least ${shownBound(kind, kind.min)}`
  if (max !== null && max !== undefined && value > max) return `it is at most ${shownBound(kind, kind.max)}`
  return null
}

const shownBound = (kind: Kind, bound: string | null): string => (settingNumber(bound, kind) === 0 ? '0' : showValue(bound, kind))

/** Whether two texts are one value of it: `64MB` and `65536` of a parameter in kB. */
export const isSameValue = (kind: Kind, a: string | null, b: string | null): boolean => {
  if (a === null || b === null) return a === b
  if (isOctal(kind.name)) return Number.parseInt(a, 8) === Number.parseInt(b, 8)
  if (isQuotedList(kind.name)) return JSON.stringify(listElements(a)) === JSON.stringify(listElements(b))
  return (storedValue(a, kind) ?? a) === (storedValue(b, kind) ?? b)
}

/** What the files would say of it after the edit, or else its default. */
export const valueAfter = ({ filed, defaultValue }: Pick<Parameter, 'filed' | 'defaultValue'>, { value }: ParameterEdit): string | null =>
  value ?? filed?.value ?? defaultValue

/** Only a start of the server makes a new value of it count. */
export const needsRestart = ({ context }: Pick<Parameter, 'context'>): boolean => context === 'postmaster'

/** It was given on the command line, which no file overrides: what was written there would not count. */
export const isOverridden = ({ source }: Pick<Parameter, 'source'>): boolean => source === 'command line'

/** For a person: `64MB`, and blanks and emptiness in words. */
export const shownParameter = (kind: Kind, value: string | null): string => {
  if (value === null) return 'not set'
  if (value.trim() === '') return '(empty)'
  return showValue(isOctal(kind.name) ? value : (storedValue(value, kind) ?? value), kind)
}
