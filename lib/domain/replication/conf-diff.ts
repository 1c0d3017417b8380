/** One setting, or one file as a whole, that is not the same on both sides; null: it is not there. */
export type ConfDifference = {
  file: string
  /** null: lines without a name, such as those of pg_hba.conf. */
  name: string | null
  here: string | null
  there: string | null
}

export interface ConfFile {
  name: string
  text: string
}

/** What every server has for itself: a difference there means nothing. */
const own = new Set([
  'primary_conninfo',
  'primary_slot_name',
  'cluster_name',
  'port',
  'listen_addresses',
  'data_directory',
  'hba_file',
  'ident_file',
])

const isSettings = (name: string) => name.endsWith('.conf') && !/hba|ident/.test(name)

/** The last value counts, as for PostgreSQL. */
const settingsOf = (text: string): Map<string, string> => {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const parts = /^\s*([A-Za-z_][\w.]*)(?:\s*=\s*|\s+|(?='))(?:'((?:[^']|'')*)'|([^\s#]+))/.exec(line)
    if (parts) found.set(parts[1]!.toLowerCase(), (parts[2] ?? parts[3] ?? '').replaceAll("''", "'"))
  }
  return found
}

/** Lines that mean something, each with its blanks made one. */
const linesOf = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
    .join('\n')

/** How the configuration inside two data directories differs: setting by setting, or line by line where lines have no names. */
export const diffConf = (here: readonly ConfFile[], there: readonly ConfFile[]): ConfDifference[] => {
  const names = [...new Set([...here, ...there].map(({ name }) => name))].sort()
  return names.flatMap((file): ConfDifference[] => {
    const [ours, theirs] = [here, there].map((files) => files.find(({ name }) => name === file)?.text ?? null) as [
      string | null,
      string | null,
    ]
    if (ours === null || theirs === null || !isSettings(file))
      return linesOf(ours ?? '') === linesOf(theirs ?? '') ? [] : [{ file, name: null, here: countOf(ours), there: countOf(theirs) }]
    const [mine, other] = [settingsOf(ours), settingsOf(theirs)]
    return [...new Set([...mine.keys(), ...other.keys()])]
      .filter((name) => !own.has(name) && mine.get(name) !== other.get(name))
      .sort()
      .map((name) => ({ file, name, here: mine.get(name) ?? null, there: other.get(name) ?? null }))
  })
}

const countOf = (text: string | null): string | null => {
  if (text === null) return null
  const lines = linesOf(text)
  const count = lines === '' ? 0 : lines.split('\n').length
  return `${count} ${count === 1 ? 'line' : 'lines'}`
}

/** `postgresql.conf: work_mem is 4MB here, 16MB on n1`. */
export const confDifferenceText = ({ file, name, here, there }: ConfDifference, other: string): string => {
  if (name === null) return `${file}: ${here ?? 'not there'} here, ${there ?? 'not there'} on ${other}`
  return `${file}: ${name} is ${here ?? 'not set'} here, ${there ?? 'not set'} on ${other}`
}
