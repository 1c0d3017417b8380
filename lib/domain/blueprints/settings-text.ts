export interface SettingLine {
  name: string
  value: string
}

const line = /^\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)\s*(?:=|\s)\s*(.*)$/

/** `name = value`, one a line, as postgresql.conf has them: quoted or not, `#` begins a comment. A sentence: what is wrong with which line. */
export const parseSettings = (text: string): SettingLine[] | string => {
  const found: SettingLine[] = []
  for (const [at, row] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#.*)?$/.test(row)) continue
    const [, name, rest] = line.exec(row) ?? []
    const value = rest === undefined ? null : readSetting(rest.trim())
    if (name === undefined || value === null) return `Line ${at + 1} is not of the form name = value: ${row.trim().slice(0, 60)}`
    if (found.some((one) => one.name === name.toLowerCase())) return `Line ${at + 1} sets ${name} again.`
    found.push({ name: name.toLowerCase(), value })
  }
  return found
}

const readSetting = (text: string): string | null => {
  if (text.startsWith("'")) {
    const [, inside] = /^'((?:[^']|'')*)'\s*(?:#.*)?$/.exec(text) ?? []
    return inside === undefined ? null : inside.replaceAll("''", "'")
  }
  const bare = text.replace(/\s*#.*$/, '')
  return bare === '' || /[\s']/.test(bare) ? null : bare
}

/** As postgresql.conf writes it. */
export const sayLine = ({ name, value }: SettingLine): string => `${name} = '${value.replaceAll("'", "''")}'`
