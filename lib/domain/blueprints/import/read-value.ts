/** How a value was written: YAML has kinds of its own; a command line and an environment have text alone. */
export type Source = 'manifest' | 'flag' | 'environment'

/** What a field makes of a value, or why it makes nothing of it. */
export type Read = { value: unknown; note?: string } | { problem: string }
export type Reader = (value: unknown, source: Source) => Read

const said = (value: unknown): string => (typeof value === 'string' ? `“${value.slice(0, 60)}”` : JSON.stringify(value))
const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' || typeof value === 'boolean' ? String(value) : null

export const text: Reader = (value) => {
  const read = value === null ? '' : textOf(value)
  return read === null ? { problem: `${said(value)} is no text.` } : { value: read === '' ? null : read }
}

export const count: Reader = (value) => {
  const read = value === null || value === '' ? 0 : Number(textOf(value) ?? Number.NaN)
  return Number.isInteger(read) && read >= 0 ? { value: read } : { problem: `${said(value)} is no whole number of at least 0.` }
}

/** 0 is no bound. */
export const bound: Reader = (value, source) => {
  const read = count(value, source)
  return 'value' in read && read.value === 0 ? { value: null } : read
}

export const money: Reader = (value) => {
  const written = value === null ? '' : textOf(value)
  const read = Number(written)
  if (written === null || Number.isNaN(read) || read < 0) return { problem: `${said(value)} is no price.` }
  return { value: read === 0 ? null : written }
}

export const list: Reader = (value) => {
  if (value === null || value === '') return { value: [] }
  const parts = Array.isArray(value) ? value.map(textOf) : (textOf(value)?.split(',') ?? [null])
  if (parts.includes(null)) return { problem: `${said(value)} is no list of texts.` }
  return { value: parts.map((one) => one!.trim()).filter((one) => one !== '') }
}

/**
 * A variable is true for pg-spot-operator if it is `on` or begins with t or y, and false for all else, `1` included. A flag takes no value: it is read as true,
 * which turns off what is on by default; `isOn` says so.
 */
export const flag =
  (isOn = false): Reader =>
  (value, source) => {
    if (typeof value === 'boolean') return { value: source === 'flag' && isOn ? !value : value }
    if (value === null || value === '') return { value: isOn }
    const word = textOf(value)?.toLowerCase() ?? ''
    if (source === 'environment') {
      const isTrue = word === 'on' || /^[ty]/.test(word)
      const isOdd = isTrue ? !['on', 'true', 't', 'yes', 'y'].includes(word) : !['off', 'false', 'f', 'no', 'n', '0'].includes(word)
      return { value: isTrue, ...(isOdd ? { note: `pg-spot-operator reads ${said(value)} as ${isTrue}.` } : {}) }
    }
    if (['true', 'yes', 'on', 't', 'y'].includes(word)) return { value: true }
    if (['false', 'no', 'off', 'f', 'n'].includes(word)) return { value: false }
    return { problem: `${said(value)} is neither true nor false.` }
  }

export const oneOf =
  (known: Readonly<Record<string, unknown>>): Reader =>
  (value) => {
    const word = textOf(value)?.toLowerCase() ?? ''
    if (word in known) return { value: known[word] }
    return { problem: `${said(value)} is none of ${Object.keys(known).filter(Boolean).join(', ')}.` }
  }

/** A map or `k=v,k2=v2`, as `k=v` entries. */
export const tags: Reader = (value, source) => {
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    return { value: Object.entries(value).map(([key, one]) => `${key}=${textOf(one) ?? ''}`) }
  const read = list(value, source)
  if ('problem' in read) return read
  const wrong = (read.value as string[]).find((one) => one.split('=').length !== 2)
  return wrong === undefined ? read : { problem: `${said(wrong)} is not of the form key=value.` }
}

/** A map of parameters, as lines of postgresql.conf. */
export const parameters: Reader = (value) => {
  if (value === null) return { value: null }
  if (typeof value !== 'object' || Array.isArray(value)) return { problem: `${said(value)} is no map of parameters.` }
  const lines = Object.entries(value).map(([name, one]) => {
    const written = typeof one === 'boolean' ? (one ? 'on' : 'off') : (textOf(one) ?? '')
    return `${name} = '${written.replaceAll("'", "''")}'`
  })
  return { value: lines.length === 0 ? null : lines.join('\n') }
}

export const lines: Reader = (value, source) => {
  const read = list(value, source)
  return 'problem' in read ? read : { value: (read.value as string[]).join('\n') || null }
}

/** A regular expression found anywhere in a type’s name, where patterns of families say the same. */
export const families: Reader = (value) => {
  const written = value === null ? '' : textOf(value)
  if (written === null) return { problem: `${said(value)} is no text.` }
  if (written === '') return { value: [] }
  const parts = written.replace(/^\^?\(?|\)?$/g, '').split('|')
  if (!parts.every((one) => /^\^?[a-z][a-z0-9-]*(\.\*)?$/.test(one)))
    return { problem: `${said(value)} is a regular expression that patterns of families cannot say. Name the families: r6*, m7g.` }
  return {
    value: parts.map((one) => `${one.replace(/^\^|\.\*$/g, '')}*`),
    note: 'Read as the beginning of a family’s name; pg-spot-operator finds it anywhere in a type’s name.',
  }
}
