import { formatBytes, parseBytes } from '@/lib/domain/values/bytes'
import { capital } from '@/lib/domain/values/capital'
import { isObject, type Json, type JsonObject } from '@/lib/kernel/ground/json'
import { type InputPick, inputPicks } from '@/lib/kernel/operation/input-pick'
import { uuidPattern } from '@/lib/kernel/resource/terms'

/** One input of an operation as a form shows it, read from the operation's JSON schema. */
export interface InputField {
  name: string
  label: string
  help: string
  required: boolean
  initial: Json
  control:
    | { kind: 'choice'; choices: string[] }
    | { kind: 'flag' }
    /** Typed and shown with a unit: `16 MB`. */
    | { kind: 'bytes' }
    | { kind: 'number'; min: number | null; max: number | null; isWhole: boolean }
    | { kind: 'text'; isLong: boolean; maxLength: number | null }
    | { kind: 'pick'; of: InputPick }
}

const words = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase()
const numberOr = (value: unknown): number | null => (typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : null)

/** `anyOf: [{…}, {type: 'null'}]` is how an optional value is described; the form leaves it empty for null. */
const unwrap = (schema: JsonObject): JsonObject => {
  const options = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject).filter((option) => option.type !== 'null') : []
  return options.length === 1 ? { ...options[0], ...schema } : schema
}

const controlOf = (schema: JsonObject): InputField['control'] => {
  const constants = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject).map((option) => option.const) : []
  const choices = Array.isArray(schema.enum) ? schema.enum : constants
  if (choices.length > 0 && choices.every((choice) => typeof choice === 'string')) return { kind: 'choice', choices: choices as string[] }
  if (schema.type === 'boolean') return { kind: 'flag' }
  if (schema.unit === 'bytes') return { kind: 'bytes' }
  if (schema.type === 'integer' || schema.type === 'number')
    return { kind: 'number', min: numberOr(schema.minimum), max: numberOr(schema.maximum), isWhole: schema.type === 'integer' }
  const pick = inputPicks.find((one) => one === schema.picks)
  if (pick !== undefined) return { kind: 'pick', of: pick }
  const maxLength = numberOr(schema.maxLength)
  return { kind: 'text', isLong: schema.format === 'sql' || (maxLength ?? 0) > 500, maxLength }
}

/** Bytes as they are typed: `16 MB`; a text that somebody is typing stays as it is, and so does a number that no unit fits. */
export const bytesText = (value: Json): string => {
  if (typeof value !== 'number') return String(value ?? '')
  const text = formatBytes(value)
  return parseBytes(text) === value ? text : String(value)
}

/** The value of a field in words, for where its form is folded away. */
export const valueWords = ({ control }: InputField, value: Json): string =>
  control.kind === 'bytes' ? bytesText(value) : uuidPattern.test(String(value)) ? 'chosen' : String(value)

/** The fields of an operation's input in their declared order. A schema without properties has none. */
export const inputFields = (schema: JsonObject): InputField[] => {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(properties)
    .filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
    .map(([name, raw]) => {
      const field = unwrap(raw)
      const control = controlOf(field)
      const initial = field.default ?? (control.kind === 'flag' ? false : control.kind === 'choice' ? control.choices[0]! : '')
      return {
        name,
        label: typeof field.title === 'string' ? field.title : capital(words(name)),
        help: typeof field.description === 'string' ? field.description : '',
        required: required.includes(name) && field.default === undefined,
        initial,
        control,
      }
    })
}

/** What an address says of the inputs (`?upstream=…`), as the form holds it; anything that is no input, or no choice of one, is left out. */
export const inputInAddress = (schema: JsonObject, given: Readonly<Record<string, string | string[] | undefined>>): JsonObject => {
  const found: JsonObject = {}
  for (const { name, control } of inputFields(schema)) {
    const text = given[name]
    if (typeof text !== 'string' || text === '') continue
    if (control.kind === 'flag') found[name] = text === 'true'
    else if (control.kind !== 'choice' || control.choices.includes(text)) found[name] = text
  }
  return found
}

/** True when the operation can be planned before a person has typed anything. */
export const canPlanAtOnce = (fields: readonly InputField[], values: Readonly<Record<string, Json | undefined>> = {}): boolean =>
  fields.every((field) => !field.required || (values[field.name] ?? field.initial) !== '')

/** What the form holds, as the operation's input: numbers parsed, empty optional values left out. */
export const toInput = (fields: readonly InputField[], values: Readonly<Record<string, Json | undefined>>): JsonObject => {
  const input: JsonObject = {}
  for (const field of fields) {
    const value = values[field.name] ?? field.initial
    if (field.control.kind === 'bytes') {
      if (value !== '' && value !== null) input[field.name] = parseBytes(String(value)) ?? value
    } else if (field.control.kind === 'number') {
      if (value !== '' && value !== null) input[field.name] = Number(value)
    } else if (value !== '' || field.required) input[field.name] = value
  }
  return input
}
