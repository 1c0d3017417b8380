import type { SettingKind } from './setting'

const KiB = 1024
const bytes: Readonly<Record<string, number>> = { B: 1, kB: KiB, MB: KiB ** 2, GB: KiB ** 3, TB: KiB ** 4 }
const milliseconds: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

type Valued = Pick<SettingKind, 'type' | 'unit'>

/** What one of this unit is, in bytes or milliseconds: `8kB` is 8192. null: no unit of PostgreSQL's. */
const unitOf = (unit: string): { family: typeof bytes; factor: number } | null => {
  const [, count, name] = /^(\d*)([a-zA-Z]+)$/.exec(unit) ?? []
  if (name === undefined) return null
  const family = Object.hasOwn(bytes, name) ? bytes : Object.hasOwn(milliseconds, name) ? milliseconds : null
  return family && { family, factor: Number(count || 1) * family[name]! }
}

const number = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([a-zA-Z]*)$/i

/**
 * A value that can be compared whatever its unit: bytes, milliseconds, or the number itself. A text with a unit of its own (`4GB`) is taken by it, one without by
 * the setting's. null: the setting is no number, or the text none of it.
 */
export const settingNumber = (text: string | null, { type, unit }: Valued): number | null => {
  if (text === null || (type !== 'integer' && type !== 'real')) return null
  const [, digits, own] = number.exec(text.trim()) ?? []
  if (digits === undefined) return null
  const base = unit === null ? null : unitOf(unit)
  if (own === '') return Number(digits) * (base?.factor ?? 1)
  const given = own === undefined || base === null ? null : base.family[own]
  return given === undefined || given === null ? null : Number(digits) * given
}

const truths: Readonly<Record<string, 'on' | 'off'>> = {
  ...{ on: 'on', true: 'on', yes: 'on', t: 'on', y: 'on', 1: 'on' },
  ...{ off: 'off', false: 'off', no: 'off', f: 'off', n: 'off', 0: 'off' },
}

/** As pg_settings would have a text that somebody wrote, in a file or a search: `true` is `on`, `4GB` of a setting in MB is `4096`. null: no value of it. */
export const storedValue = (text: string, kind: Valued): string | null => {
  if (kind.type === 'bool') return truths[text.trim().toLowerCase()] ?? null
  if (kind.type === 'enum') return text.trim().toLowerCase()
  if (kind.type === 'string') return text
  const value = settingNumber(text, kind)
  if (value === null) return null
  const factor = kind.unit === null ? 1 : (unitOf(kind.unit)?.factor ?? 1)
  return String(kind.type === 'integer' ? Math.round(value / factor) : value / factor)
}

/** As SHOW writes it: the largest unit that leaves a whole number. -1 and 0 have none. */
export const showValue = (value: string | null, { type, unit }: Valued): string => {
  if (value === null) return ''
  const base = unit === null ? null : unitOf(unit)
  const count = Number(value)
  if (base === null || (type !== 'integer' && type !== 'real') || !Number.isFinite(count) || count <= 0) return value
  const total = count * base.factor
  const fitting = Object.entries(base.family).filter(([, factor]) => Number.isInteger(total / factor))
  const best = fitting.at(-1)
  return best === undefined ? `${value} ${unit}` : `${total / best[1]}${best[0]}`
}
