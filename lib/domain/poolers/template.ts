import { maskPasswords } from '../values/line-diff'
import { type Aim, type DatabaseLine, databaseLines, type IniSetting, parseIni } from './pgbouncer-ini'

/** What a template may name between double braces, and what it becomes. */
export const templateWords = {
  host: 'The address of the herd’s primary.',
  port: 'The port of the herd’s primary.',
  hostname: 'The host name of the primary’s server.',
  herd: 'The name of the herd.',
  pooler: 'The name of this pooler.',
} as const

/** Placeholders for a primary. With a colon and a name they are of that herd, `{{host:orders}}`; without, of the first one. */
const leading = new Set(['host', 'port', 'hostname'])

/** The pooler's title, and the herd that words without a name are of. */
export interface TemplateAbout {
  pooler: string
  herd: string
}

/** Where a herd's primary is. */
export type HerdAim = { host: string; port: number; hostname: string }

const wordPattern = /\{\{([^{}]*)\}\}/g

/** `host:orders` as what it says of whom; null: it is not known. */
const readWord = (said: string, first: string): { word: string; herd: string } | null => {
  const text = said.trim()
  const at = text.indexOf(':')
  const [word, herd] = at < 0 ? [text, first] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  if (!Object.hasOwn(templateWords, word)) return null
  return at < 0 || (leading.has(word) && herd !== '') ? { word, herd } : null
}

/** Names of the herds that a line, or a whole template, points to. */
export const herdsNamed = (template: string, first: string): string[] => {
  const words = [...template.matchAll(wordPattern)].map(([, text]) => readWord(text!, first))
  return [...new Set(words.flatMap((one) => (one !== null && leading.has(one.word) ? [one.herd] : [])))]
}

/** As PgBouncer's own file has it: one line end after each line. */
export const templateLines = (template: string): string[] => {
  const text = template.replaceAll('\r\n', '\n')
  return (text === '' || text.endsWith('\n') ? text : `${text}\n`).split('\n')
}

/**
 * What is wrong with a template, as sentences that name the line or the word and the fix; empty: it can be rendered. `port` is where the pooler must
 * listen. `herds`: those that it may name, the first one first; null: that is not looked at.
 */
export const templateProblems = (template: string, port: number, herds: readonly string[] | null = null): string[] => {
  const first = herds?.[0] ?? ''
  const words = [...template.matchAll(wordPattern)].map(([, word]) => word!.trim())
  const unknown = [...new Set(words)].filter((word) => readWord(word, first) === null)
  const known = Object.keys(templateWords)
    .map((word) => `{{${word}}}`)
    .join(', ')
  const problems = unknown.map((word) => `{{${word}}} is not known; use ${known}, or {{host:HERD}} and {{port:HERD}} for another herd’s`)
  const strangers = herdsNamed(template, first).filter((herd) => herds !== null && !herds.includes(herd))
  problems.push(...strangers.map((herd) => `{{host:${herd}}} names no herd of its environment; write the herd’s name as it is registered`))
  for (const [index, line] of templateLines(template).entries()) {
    const named = herdsNamed(line, first)
    if (named.length > 1) problems.push(`line ${index + 1} points to ${named.join(' and ')}: give each herd a line of its own`)
  }
  if (template.includes('\0')) problems.push('it holds a NUL byte')
  if (/\bpassword\s*=/i.test(template))
    problems.push('it holds a password, and templates are kept and shown in plain text: put the password into the auth_file of that host')
  const anywhere = Object.fromEntries(
    herdsNamed(template, first).map((herd) => [herd, { host: '192.0.2.1', port: 5432, hostname: 'host' }]),
  )
  const rendered = renderTemplate(template, { pooler: 'pooler', herd: first }, anywhere)
  const { settings, problems: lines } = parseIni(rendered)
  problems.push(...lines)
  const following = databaseLines(rendered).filter((one) => one.host === '192.0.2.1' && one.port === 5432)
  if (following.length === 0)
    problems.push('no line of [databases] has host={{host}} port={{port}}, so nothing in it would follow the primary')
  const listens = lastOf(settings, 'listen_port')
  if (listens !== undefined && Number(listens) !== port)
    problems.push(`listen_port is ${listens}, and this pooler is registered with port ${port}`)
  return problems.map(maskPasswords)
}

const lastOf = (settings: readonly IniSetting[], name: string): string | undefined =>
  settings.filter(({ section, key }) => section === 'pgbouncer' && key === name).at(-1)?.value

/** By the name of the herd. */
export type HerdAims = Readonly<Record<string, Record<keyof HerdAim, string | number>>>

/** Words that are not known, or of a herd without an aim, stay as they are: `templateProblems` names the first. Ends with a line end, as PgBouncer’s own file does. */
export const renderTemplate = (template: string, about: TemplateAbout, aims: HerdAims): string =>
  templateLines(template)
    .map((line) => renderLine(line, about, aims))
    .join('\n')

export const renderLine = (line: string, { pooler, herd }: TemplateAbout, aims: HerdAims): string =>
  line.replaceAll(wordPattern, (whole, text: string) => {
    const read = readWord(text, herd)
    if (read === null) return whole
    if (read.word === 'pooler') return pooler
    if (read.word === 'herd') return herd
    const aim = Object.hasOwn(aims, read.herd) ? aims[read.herd] : undefined
    return aim === undefined ? whole : String(aim[read.word as keyof HerdAim])
  })

/**
 * A file that somebody wrote by hand as a template: the lines of `[databases]` that point to `aim` follow the primary from now on, and every other byte
 * stays. Rendered with the same aim it is the file again. `herd`: of another one than the first. null: no line points there.
 */
export const adoptFile = (text: string, aim: Aim, herd: string | null = null): string | null => {
  const [host, port] = ['host', 'port'].map((word) => `{{${herd === null ? word : `${word}:${herd}`}}}`)
  const own = new Map(databaseLines(text).map((one) => [one.line, one]))
  let adopted = 0
  const lines = text.split('\n').map((line, index) => {
    const found = own.get(index)
    if (!found || found.host !== aim.host || found.port !== aim.port) return line
    adopted += 1
    const withHost = line.replace(/(\bhost\s*=\s*)('[^']*'|\S+)/, (_whole, before: string) => `${before}${host}`)
    return /\bport\s*=/.test(withHost)
      ? withHost.replace(/(\bport\s*=\s*)('[^']*'|\S+)/, (_whole, before: string) => `${before}${port}`)
      : withHost.replace(host!, () => `${host} port=${port}`)
  })
  return adopted === 0 ? null : lines.join('\n')
}

/** Databases of a rendered file that the pooler shows somewhere else; `*` holds for the names that have no line. Of its lines only those that `isJudged`. */
export const notAsWritten = (
  written: string,
  shown: readonly { name: string; host: string | null; port: number }[],
  isJudged: (line: DatabaseLine) => boolean = () => true,
): { name: string; should: Aim; is: Aim | null }[] => {
  const lines = databaseLines(written)
  const any = lines.find(({ name }) => name === '*')
  const wrong = (name: string, should: { host: string | null; port: number }, is: { host: string | null; port: number } | undefined) =>
    is !== undefined && is.host === should.host && is.port === should.port
      ? []
      : [{ name, should: aimOf(should), is: is ? aimOf(is) : null }]
  const named = lines.filter(({ name }) => name !== '*')
  return [
    ...named.filter(isJudged).flatMap((line) =>
      wrong(
        line.name,
        line,
        shown.find(({ name }) => name === line.name),
      ),
    ),
    ...(any && isJudged(any)
      ? shown.filter(({ name }) => !named.some((line) => line.name === name)).flatMap((one) => wrong(one.name, any, one))
      : []),
  ]
}

const aimOf = ({ host, port }: { host: string | null; port: number }): Aim => ({ host: host ?? 'unix socket', port })
