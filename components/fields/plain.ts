import { formatMoment } from '@/components/ui/time'
import { formatBytes } from '@/lib/domain/values/bytes'
import { formatDuration } from '@/lib/domain/values/duration'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldDescription } from '@/lib/kernel/resource/field'

/** A value as one line of plain text: for differences, chips and titles. `none` stands for null and the empty text. */
export const plainValue = (value: Json | undefined, field: FieldDescription | undefined, zone: string, none = 'empty'): string => {
  if (value === null || value === undefined || value === '') return none
  if (Array.isArray(value)) return value.length === 0 ? none : value.map((one) => plainValue(one, undefined, zone)).join(', ')
  if (typeof value === 'object') return JSON.stringify(value)
  switch (field?.kind) {
    case 'bytes':
      return formatBytes(Number(value))
    case 'seconds':
      return formatDuration(Number(value))
    case 'moment':
      return formatMoment(String(value), zone)
    case 'flag':
      return value === true ? 'yes' : 'no'
    case 'secret':
      return value === true ? 'set' : value === false ? 'not set' : String(value)
    case 'choice':
      return field.choices.find((one) => one.value === value)?.label ?? String(value)
    default:
      return String(value)
  }
}
