import type { ParameterEdit } from './parameter'
import { refusedByName } from './refused'
import { maskSetting } from './secret'

const nameOf = /^[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*)*$/i

/**
 * `NAME = VALUE`, one a line, as in postgresql.conf; the word DEFAULT takes out what ALTER SYSTEM has written. The problems are sentences, each with the number of
 * its line, and never tell a value.
 */
export const parseParameters = (text: string): { edits: ParameterEdit[]; problems: string[] } => {
  const edits: ParameterEdit[] = []
  const problems: string[] = []
  const seen = new Set<string>()
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    const name = (at < 1 ? line : line.slice(0, at)).trim()
    const edit = at < 1 ? 'write NAME = VALUE' : editOf(name, line.slice(at + 1).trim())
    const shown = nameOf.test(name) ? ` (${name})` : ''
    if (typeof edit === 'string') problems.push(`Line ${index + 1}${shown}: ${edit}.`)
    else if (seen.has(name.toLowerCase())) problems.push(`Line ${index + 1}${shown}: it is there twice.`)
    else edits.push(edit)
    seen.add(name.toLowerCase())
  }
  if (edits.length === 0 && problems.length === 0) problems.push('No parameter is named: write NAME = VALUE.')
  return { edits, problems }
}

const editOf = (name: string, given: string): ParameterEdit | string => {
  if (!nameOf.test(name)) return 'that is no name of a parameter'
  const refused = refusedByName(name)
  if (refused !== null) return refused
  if (given === '') return "write a value, '' for an empty one, or DEFAULT to take out what ALTER SYSTEM has written"
  if (given.toUpperCase() === 'DEFAULT') return { name, value: null }
  const value = readValue(given)
  if (value === null) return 'a value that begins with a quotation mark ends with one, and a quotation mark in it is written twice'
  if (maskSetting(name, value) !== value)
    return 'its value holds a secret, which would be kept in the record of the run. Set it in a file on the host, or use a passfile'
  return { name, value }
}

/** As in postgresql.conf, quotation marks around it are no part of it. */
const readValue = (given: string): string | null => {
  if (!given.startsWith("'")) return given.includes('\0') ? null : given
  const [, quoted] = /^'((?:[^']|'')*)'$/.exec(given) ?? []
  return quoted === undefined || quoted.includes('\0') ? null : quoted.replaceAll("''", "'")
}

/** A line that `parseParameters` reads as this edit. */
export const parameterLine = ({ name, value }: ParameterEdit): string =>
  `${name} = ${value === null ? 'DEFAULT' : /^[\w.+/-]+$/.test(value) && value.toUpperCase() !== 'DEFAULT' ? value : `'${value.replaceAll("'", "''")}'`}`
