import { nearest } from '../nearest'
import { collect, type Imported, nothingImported } from './collect'
import { keyByFlag, keyByVariable } from './keys'
import { zoneGivesRegion } from './manifest'

/** Flags and variables, in whatever order: a command line, an env file, or `docker run -e …` as a whole. */
export const readCommand = (written: string): Imported => {
  const found = nothingImported()
  const words = wordsOf(written)
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    const variable = /^((?:PGSO_)?[A-Z][A-Z0-9_]*)=(.*)$/s.exec(word)
    if (variable) {
      readVariable(found, variable[1]!, variable[2]!)
      continue
    }
    const [, name, value] = /^--([A-Za-z0-9_-]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined) continue
    // What comes before the image is Docker's own.
    if (['env', 'name', 'rm', 'volume', 'restart', 'env-file', 'pull'].includes(name) && isDocker(words)) continue
    const key = keyByFlag.get(name.toLowerCase().replaceAll('_', '-'))
    if (key === undefined) {
      found.unknown.push({ key: `--${name}`, nearest: asFlag(nearest(name.toLowerCase().replaceAll('_', '-'), keyByFlag.keys())) })
      continue
    }
    const taken = value ?? (key.isSwitch ? true : words[at + 1])
    if (taken === undefined) {
      found.problems.push({ key: `--${name}`, because: 'It takes a value.' })
      continue
    }
    if (value === undefined && !key.isSwitch) at++
    collect(found, `--${key.flag}`, key, taken, 'flag')
  }
  zoneGivesRegion(found)
  return found
}

const isDocker = (words: readonly string[]): boolean => words[0] === 'docker' || words[0] === 'podman'
const asFlag = (name: string | null): string | null => (name === null ? null : `--${name}`)

/** Those of AWS itself and of the shell may stand in the same file. */
const others = /^(AWS_|PATH$|HOME$|LANG$|TZ$|PYTHON|ANSIBLE_)/

const readVariable = (found: Imported, written: string, value: string): void => {
  const known = keyByVariable.get(written.replace(/^PGSO_/, ''))
  if (known) {
    collect(found, written, known.key, value, 'environment', known.inverts)
    return
  }
  if (others.test(written)) {
    found.dropped.push({ key: written, because: 'It is no variable of pg-spot-operator.' })
    return
  }
  const near = nearest(written.replace(/^PGSO_/, ''), keyByVariable.keys())
  found.unknown.push({ key: written, nearest: near && `${written.startsWith('PGSO_') ? 'PGSO_' : ''}${near}` })
}

/** As a shell parts words, without expanding anything. `#` at the beginning of a line is a comment. */
const wordsOf = (text: string): string[] => {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  const plain = text.replace(/^\s*#.*$/gm, '').replace(/\\\r?\n/g, ' ')
  for (let at = 0; at < plain.length; at++) {
    const sign = plain[at]!
    if (quote !== null) {
      if (sign === quote) quote = null
      else if (sign === '\\' && quote === '"' && /["\\$`]/.test(plain[at + 1] ?? '')) word = (word ?? '') + plain[++at]!
      else word = (word ?? '') + sign
    } else if (sign === '"' || sign === "'") {
      quote = sign
      word ??= ''
    } else if (sign === '\\' && at + 1 < plain.length) word = (word ?? '') + plain[++at]!
    else if (/\s/.test(sign)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + sign
  }
  if (word !== null) words.push(word)
  return words
}

/** Whether a text is a document of YAML rather than flags or variables. */
export const isManifest = (text: string): boolean => {
  const first = text.split(/\r?\n/).find((line) => /\S/.test(line) && !/^\s*#/.test(line)) ?? ''
  return /^(---|\{|%YAML)/.test(first.trim()) || /^\s*["']?[A-Za-z_][\w.]*["']?\s*:(\s|$)/.test(first)
}
