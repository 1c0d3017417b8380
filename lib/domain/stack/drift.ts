import { lineDiff } from '../values/line-diff'
import { secretsIn } from './secrets'
import type { StackFile } from './stack-file'

/** A file that is not as declared. */
export interface StackDrift {
  server: string
  path: string
  /** Nothing is there. */
  isAbsent: boolean
  /** `- line` on the host and `+ line` as declared; nothing of a secret. */
  lines: string[]
}

const isPublic = (name: string): boolean => /^(next )?(authority$|certificate )/.test(name)

/** Lines that may hold a secret which is not the declared one, and so goes by no name. */
const mayHold = /pass(word|wd)?|secret|user(name)? =|PRIVATE KEY/i

/** `there`: what is on the host, with names in place of the stack's own secrets; null: nothing. `isSame` in text, it differs in owner or mode alone. */
export const driftOf = (server: string, { path, text, mode, owner }: StackFile, there: string | null): StackDrift => {
  const secrets = secretsIn(text).filter((name) => !isPublic(name))
  const own = (lines: string[]): StackDrift => ({ server, path, isAbsent: there === null, lines })
  if (there === null) return own([`+ the file is not there`])
  if (secrets.length > 0 && secrets.length >= text.split('\n').filter(Boolean).length)
    return own(
      there.trimEnd() === text.trimEnd()
        ? [`+ owner ${owner}, mode ${mode}`]
        : ['- another secret', `+ ${secrets.map((name) => `{{${name}}}`).join(', ')}`],
    )
  const lines = lineDiff(there, text)
  if (lines.length === 0 || there.trimEnd() === text.trimEnd()) return own([`+ owner ${owner}, mode ${mode}`])
  return own(
    secrets.length === 0
      ? lines
      : lines.map((line) => (line.startsWith('- ') && mayHold.test(line) ? '- … (a line that may hold a secret)' : line)),
  )
}
