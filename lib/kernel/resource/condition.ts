import type { FieldProblem } from '../ground/errors'
import type { Condition, FieldSpec } from './field'

interface Form {
  fields: Readonly<Record<string, FieldSpec>>
  form: readonly string[]
}
type Held = Readonly<Record<string, unknown>>

/** No, nothing, an empty text and an empty list are nothing. */
export const isGiven = (value: unknown): boolean =>
  value !== null && value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0)

const holds = ({ is }: Condition, value: unknown): boolean =>
  is === 'given' ? isGiven(value) : is === 'empty' ? !isGiven(value) : is.includes(String(value))

/** Whether a field applies to what the object holds. One that hangs on a field that does not apply itself, does not either. */
export const isApplicable = (fields: Form['fields'], name: string, held: Held): boolean => {
  const when = fields[name]?.when
  return when === undefined || (isApplicable(fields, when.field, held) && holds(when, held[when.field]))
}

/** Whether a field applies by what another one holds, at first hand or through others. */
export const hangsOn = (fields: Form['fields'], name: string, other: string): boolean => {
  const when = fields[name]?.when
  return when !== undefined && (when.field === other || hangsOn(fields, when.field, other))
}

/** Fields that hold something and do not apply: a save empties them. */
export const idleFields = ({ fields, form }: Form, held: Held): string[] =>
  form.filter((name) => isGiven(held[name]) && !isApplicable(fields, name, held))

/** Fields that are needed where they apply, and hold nothing. */
export const missingFields = ({ fields, form }: Form, held: Held): FieldProblem[] =>
  form.flatMap((path) => {
    const { required, when, missing, label } = fields[path]!
    return required && when && !isGiven(held[path]) && isApplicable(fields, path, held)
      ? [{ path, message: missing ?? `${label} is needed.` }]
      : []
  })

/** “Only where Channel is PagerDuty.”; nothing where it always applies. */
export const sayCondition = (fields: Form['fields'], { when }: FieldSpec): string | null => {
  const other = when && fields[when.field]
  if (!other) return null
  const { is } = when
  const words =
    is === 'given'
      ? other.kind === 'flag'
        ? 'set'
        : 'given'
      : is === 'empty'
        ? other.kind === 'flag'
          ? 'not set'
          : 'empty'
        : is
            .map((value) => (other.kind === 'choice' && other.choices.find((choice) => choice.value === value)?.label) || value)
            .join(' or ')
  return `Only where ${other.label} is ${words}.`
}
