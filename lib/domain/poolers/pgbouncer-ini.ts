/** PgBouncer's configuration as far as the console reads and writes it. */

/** What the connections of a pooled database point to. */
export interface Aim {
  host: string
  port: number
}

/** One line of `[databases]`. `host` null: a unix socket of the pooler's own host. */
export interface DatabaseLine {
  name: string
  host: string | null
  port: number
  /** Index of the line in the file. */
  line: number
}

export interface IniSetting {
  section: string
  key: string
  value: string
  line: number
}

/** Every setting in order. Comments, blank lines and `%include` are left out; a line that is none of these is a problem with its number, from 1. */
export const parseIni = (text: string): { settings: IniSetting[]; problems: string[] } => {
  const settings: IniSetting[] = []
  const problems: string[] = []
  let section = ''
  for (const [line, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim()
    if (trimmed === '' || /^[;#]/.test(trimmed) || /^%include\b/.test(trimmed)) continue
    const header = /^\[([^\]]+)\]$/.exec(trimmed)
    const setting = /^("(?:[^"]|"")*"|[^=\s]+)\s*=\s*(.*)$/.exec(trimmed)
    if (header) section = header[1]!.trim()
    else if (setting) settings.push({ section, key: unquoteName(setting[1]!), value: setting[2]!, line })
    else problems.push(`line ${line + 1} is neither a section nor a setting: ${trimmed}`)
  }
  return { settings, problems }
}

const unquoteName = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)

/** The pooled databases; `*` stands for every other name. */
export const databaseLines = (text: string): DatabaseLine[] =>
  parseIni(text)
    .settings.filter(({ section }) => section === 'databases')
    .map(({ key, value, line }) => {
      const keywords = connectionKeywords(value)
      const host = keywords.get('host')
      return { name: key, host: host || null, port: Number(keywords.get('port') ?? 5432), line }
    })

/** A value of libpq's kind: `host=10.0.0.1 password='it''s'`. */
const connectionKeywords = (value: string): Map<string, string> =>
  new Map([...value.matchAll(keywordPattern)].map(([, key, quoted, plain]) => [key!, quoted?.replaceAll("''", "'") ?? plain ?? '']))

/** Starts at the beginning of a word only: a long one without a sign of equality is read once, not once for each of its letters. */
const keywordPattern = /(?<![a-z_])([a-z_]+)\s*=\s*(?:'((?:[^']|'')*)'|(\S*))/g

/** `10.0.0.1:5432` where all databases point to one address, else every address once. */
export const sayAims = (aims: readonly { host: string | null; port: number }[]): string =>
  [...new Set(aims.map(({ host, port }) => `${host ?? 'unix socket'}:${port}`))].join(', ')
