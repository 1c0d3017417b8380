/**
 * The one place that turns arguments into a shell's text. Every argument arrives as it is: quotes, newlines, `$()`, backslashes, unicode.
 * A NUL byte cannot be an argument of any process: it throws RangeError.
 */
export const quoteShell = (argv: readonly string[]): string => argv.map(quoteShellWord).join(' ')

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/

export const quoteShellWord = (word: string): string => {
  if (word.includes('\0')) throw new RangeError('An argument cannot hold a NUL byte.')
  if (plainWord.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
