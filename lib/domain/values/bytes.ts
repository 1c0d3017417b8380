export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
const pattern = /^([+-]?\d+(?:\.\d+)?)\s*(b|bytes?|[kmgtp](?:i?b)?)?$/i

/** PostgreSQL's units: powers of 1024, written kB, MB, GB. `16777216` is `16 MB`, `1536` is `1.5 kB`. */
export const formatBytes = (bytes: number): string => {
  const sign = bytes < 0 ? '-' : ''
  let value = Math.abs(bytes)
  let unit = 0
  while (unit < units.length - 1 && Number(value.toPrecision(4)) >= 1024) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${sign}${Number(value.toFixed(digits))} ${units[unit]}`
}

/** `1GB`, `1.5 MiB`, `200k`, `4096`; null when it is none of these, or more than a number holds exactly (8 PB). Powers of 1024 whatever the spelling, as in PostgreSQL's settings. */
export const parseBytes = (text: string): number | null => {
  const parts = pattern.exec(text.trim())
  if (!parts) return null
  const letter = (parts[2] ?? 'b')[0]!.toLowerCase()
  const bytes = Math.round(Number(parts[1]) * 1024 ** 'bkmgtp'.indexOf(letter))
  return Number.isSafeInteger(bytes) ? bytes : null
}
