import { maskPasswords } from './line-diff'
import { type Aim, databaseLines, type IniSetting, parseIni } from './pgbouncer-ini'

/** What a template may name between double braces, and what it becomes. */
export const templateWords = {
  host: 'The address of the herd’s primary.',
  port: 'The port of the herd’s primary.',
  hostname: 'The host name of the primary’s server.',
  herd: 'The name of the herd.',
  pooler: 'The name of this pooler.',
} as const

export type TemplateValues = Record<keyof typeof templateWords, string>

const wordPattern = /\{\{\s*([^{}]*?)\s*\}\}/g

/** What is wrong with a template, as sentences that name the line or the word and the fix; empty: it can be rendered. `port` is where the pooler must listen. */
export const templateProblems = (template: string, port: number): string[] => {
  const words = [...template.matchAll(wordPattern)].map(([, word]) => word!)
  const unknown = [...new Set(words)].filter((word) => !Object.hasOwn(templateWords, word))
  const known = Object.keys(templateWords)
    .map((word) => `{{${word}}}`)
    .join(', ')
  const problems = unknown.map((word) => `{{${word}}} is not known; use ${known}`)
  if (template.includes('\0')) problems.push('it holds a NUL byte')
  if (/\bpassword\s*=/i.test(template))
    problems.push('it holds a password, and templates are kept and shown in plain text: put the password into the auth_file of that host')
  const rendered = render(template, { host: '192.0.2.1', port: '5432', hostname: 'host', herd: 'herd', pooler: 'pooler' })
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

/** Words that are not known stay as they are: `templateProblems` names them. */
const render = (template: string, values: TemplateValues): string =>
  template.replaceAll(wordPattern, (whole, word: string) => (Object.hasOwn(values, word) ? values[word as keyof TemplateValues] : whole))

/** Ends with a line end, as PgBouncer’s own file does. */
export const renderTemplate = (template: string, values: TemplateValues): string => {
  const text = render(template.replaceAll('\r\n', '\n'), values)
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/**
 * A file that somebody wrote by hand as a template: the lines of `[databases]` that lead to `aim` follow the primary from now on, and every other byte
 * stays. Rendered with the same aim it is the file again. null: no line leads there.
 */
export const adoptFile = (text: string, aim: Aim): string | null => {
  const own = new Map(databaseLines(text).map((one) => [one.line, one]))
  let adopted = 0
  const lines = text.split('\n').map((line, index) => {
    const found = own.get(index)
    if (!found || found.host !== aim.host || found.port !== aim.port) return line
    adopted += 1
    const withHost = line.replace(/(\bhost\s*=\s*)('[^']*'|\S+)/, '$1{{host}}')
    return /\bport\s*=/.test(withHost)
      ? withHost.replace(/(\bport\s*=\s*)('[^']*'|\S+)/, '$1{{port}}')
      : withHost.replace('{{host}}', '{{host}} port={{port}}')
  })
  return adopted === 0 ? null : lines.join('\n')
}

/** Databases of a rendered file that the pooler shows somewhere else; `*` holds for the names that have no line. */
export const notAsWritten = (
  written: string,
  shown: readonly { name: string; host: string | null; port: number }[],
): { name: string; should: Aim; is: Aim | null }[] => {
  const lines = databaseLines(written)
  const any = lines.find(({ name }) => name === '*')
  const wrong = (name: string, should: { host: string | null; port: number }, is: { host: string | null; port: number } | undefined) =>
    is !== undefined && is.host === should.host && is.port === should.port
      ? []
      : [{ name, should: aimOf(should), is: is ? aimOf(is) : null }]
  const named = lines.filter(({ name }) => name !== '*')
  return [
    ...named.flatMap((line) =>
      wrong(
        line.name,
        line,
        shown.find(({ name }) => name === line.name),
      ),
    ),
    ...(any ? shown.filter(({ name }) => !named.some((line) => line.name === name)).flatMap((one) => wrong(one.name, any, one)) : []),
  ]
}

const aimOf = ({ host, port }: { host: string | null; port: number }): Aim => ({ host: host ?? 'unix socket', port })
