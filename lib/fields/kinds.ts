import { z } from 'zod'
import { formatBytes, parseBytes } from '@/lib/domain/values/bytes'
import { formatDuration, parseDuration } from '@/lib/domain/values/duration'
import { formatLsn, parseLsn } from '@/lib/domain/values/lsn'
import type { Json } from '@/lib/kernel/ground/json'
import type { FieldKind, FieldSpec } from '@/lib/kernel/resource/field'
import { uuidPattern } from '@/lib/kernel/resource/terms'
import { hostnameFault, pathFault } from './names'

/** What a kind of field knows of its values. Empty input (`''`, null, undefined) never reaches `parse`. */
export interface FieldTools {
  /** What a person typed or a script sent, as it is stored; anything else is returned as it came and refused by `schema`. */
  parse: (input: unknown, spec: FieldSpec) => unknown
  /** As a person reads it; `null` is not passed. */
  format: (value: Json, spec: FieldSpec) => string
  /** The stored value. */
  schema: (spec: FieldSpec) => z.ZodType
}

const bigMax = Number.MAX_SAFE_INTEGER
const trimmed = (input: unknown): unknown => (typeof input === 'string' ? input.trim() : input)
const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

const ofText = (message: string | null, maxLengthDefault: number, fault: (value: string) => string | null): FieldTools => ({
  parse: trimmed,
  format: asText,
  schema: (spec) => {
    const maxLength = ('maxLength' in spec ? spec.maxLength : undefined) ?? maxLengthDefault
    const pattern = 'pattern' in spec ? spec.pattern : undefined
    return z
      .string({ message: message ?? 'Write text.' })
      .max(maxLength, `Use at most ${maxLength} characters.`)
      .superRefine((value, context) => {
        const because = value.includes('\0')
          ? 'Leave out the NUL character.'
          : (fault(value) ?? (pattern && !new RegExp(pattern.source, 'u').test(value) ? pattern.message : null))
        if (because) context.addIssue({ code: 'custom', message: because })
      })
  },
})

const oneLine = (value: string): string | null => (/[\r\n]/.test(value) ? 'Write one line.' : null)

const ofNumber = (
  parseText: (text: string) => number | null,
  format: (value: number, spec: FieldSpec) => string,
  schema: FieldTools['schema'],
): FieldTools => ({
  parse: (input) => (typeof input === 'string' ? (parseText(input.trim()) ?? input) : input),
  format: (value, spec) => format(Number(value), spec),
  schema,
})

const wholeText = (text: string): number | null => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : null)
const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f')

/** An address is taken wherever a host name is; an IPv4 one already looks like a name. */
const ipv6 = z.ipv6()

const portMessage = 'A port is a whole number from 1 to 65535.'

const integer = (spec: FieldSpec): z.ZodType => {
  const { min = -bigMax, max = bigMax, unit } = spec.kind === 'integer' ? spec : {}
  const range =
    min > -bigMax && max < bigMax ? ` from ${min} to ${max}` : min > -bigMax ? `, ${min} or more` : max < bigMax ? `, at most ${max}` : ''
  const message = `Write a whole number${range}${unit ? ` (${unit})` : ''}.`
  return z.number({ message }).int(message).min(min, message).max(max, message)
}

const flagWords: Record<string, boolean> = { true: true, yes: true, on: true, '1': true, false: false, no: false, off: false, '0': false }
const tagsMessage = 'Write entries separated by commas.'
const tagPattern = {
  source: '^[\\p{L}\\p{N}][\\p{L}\\p{N}._:=/-]*$',
  message: 'A tag starts with a letter or digit; after it also . _ : = / and - are allowed.',
}

export const fieldTools = {
  text: ofText(null, 200, oneLine),
  longText: ofText(null, 10_000, () => null),
  hostname: ofText('Write a host name.', 253, (value) => (ipv6.safeParse(value).success ? null : hostnameFault(value))),
  path: ofText('Write an absolute path.', 1000, pathFault),
  port: ofNumber(wholeText, String, () => z.number({ message: portMessage }).int(portMessage).min(1, portMessage).max(65535, portMessage)),
  integer: ofNumber(
    wholeText,
    (value, spec) => (spec.kind === 'integer' && spec.unit ? `${thousands(value)} ${spec.unit}` : thousands(value)),
    integer,
  ),
  bytes: ofNumber(parseBytes, formatBytes, () => {
    const message = 'Write a size such as 512MB, 1GB or a number of bytes.'
    return z.number({ message }).int(message).min(0, message).max(bigMax, message)
  }),
  seconds: ofNumber(parseDuration, formatDuration, () => {
    const message = 'Write a duration such as 30s, 5m or 2h.'
    return z.number({ message }).min(0, message)
  }),
  flag: {
    parse: (input) => (typeof input === 'string' ? (flagWords[input.trim().toLowerCase()] ?? input) : input),
    format: (value) => (value === true ? 'yes' : 'no'),
    schema: () => z.boolean({ message: 'Say yes or no.' }),
  },
  secret: {
    // What readers are shown comes back as it was shown: set stays set, not set is empty.
    parse: (input) => (input === true ? undefined : input === false ? null : trimmed(input)),
    format: (value) => secretWord(value),
    schema: (spec) => {
      const { maxLength = 1000, pattern } = spec.kind === 'secret' ? spec : {}
      return z
        .string({ message: 'Write the secret, or leave it empty.' })
        .max(maxLength, `Use at most ${maxLength} characters.`)
        .refine((value) => !value.includes('\0') && oneLine(value) === null, 'Write one line.')
        .refine((value) => !pattern || new RegExp(pattern.source, 'u').test(value), pattern?.message)
    },
  },
  choice: {
    parse: trimmed,
    format: (value, spec) =>
      spec.kind === 'choice' ? (spec.choices.find((choice) => choice.value === value)?.label ?? String(value)) : String(value),
    schema: (spec) => {
      const choices = spec.kind === 'choice' ? spec.choices : []
      return z.enum(choices.map((choice) => choice.value) as [string, ...string[]], {
        message: `Choose one of: ${choices.map((choice) => choice.value).join(', ')}.`,
      })
    },
  },
  moment: {
    parse: (input) => {
      if (input instanceof Date) return Number.isNaN(input.getTime()) ? input : input.toISOString()
      const text = trimmed(input)
      const time = typeof text === 'string' && /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
      return Number.isNaN(time) ? input : new Date(time).toISOString()
    },
    format: (value) =>
      String(value)
        .replace('T', ' ')
        .replace(/(\.\d+)?Z$/, ' UTC'),
    schema: () => z.iso.datetime({ message: 'Write a time such as 2026-01-31T08:00Z.' }),
  },
  lsn: {
    parse: (input) => {
      const position = typeof input === 'string' ? parseLsn(input) : null
      return position === null ? input : formatLsn(position)
    },
    format: asText,
    schema: () => z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/, 'Write a WAL position such as 0/3000148.'),
  },
  tags: {
    parse: (input, spec) => {
      const list = typeof input === 'string' ? input.split(spec.kind === 'tags' && spec.pattern ? /[\n,]+/ : /[\s,]+/) : input
      return Array.isArray(list) ? [...new Set(list.map(trimmed).filter((tag) => tag !== ''))] : input
    },
    format: (value) => (Array.isArray(value) ? value.join(', ') : asText(value)),
    schema: (spec) => {
      const { source, message } = (spec.kind === 'tags' && spec.pattern) || tagPattern
      const tag = z
        .string({ message: tagsMessage })
        .max(100, 'An entry has at most 100 characters.')
        .regex(new RegExp(source, 'u'), message)
      return z.array(tag, { message: tagsMessage }).max(50, 'Use at most 50 entries.')
    },
  },
  reference: {
    parse: (input) => (typeof input === 'string' ? input.trim().toLowerCase() : input),
    format: asText,
    schema: () => z.string({ message: 'Choose one.' }).regex(uuidPattern, 'Choose one from the list, or send its id.'),
  },
  json: {
    parse: (input) => {
      if (typeof input !== 'string') return input
      try {
        return JSON.parse(input) as Json
      } catch {
        return input
      }
    },
    format: (value) => JSON.stringify(value, null, 2),
    schema: () => z.record(z.string(), z.json(), { message: 'Write a JSON object.' }),
  },
} satisfies Record<FieldKind, FieldTools>

/** A secret is never shown, only whether there is one; the history also says that it was replaced. */
const secretWord = (value: Json): string => (value === true ? 'set' : value === false ? 'not set' : asText(value))

/** As a person reads it: `16 MB`, `2 min 5 s`, `Standby`; an empty value is an empty text. References are ids: show their title instead. */
export const formatValue = (spec: FieldSpec, value: Json | undefined): string => {
  if (value === null || value === undefined || value === '') return ''
  const tools: FieldTools = fieldTools[spec.kind]
  return tools.format(value, spec)
}
