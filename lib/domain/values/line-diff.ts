const sizeMax = 4_000

/**
 * What makes one text out of another, as `- line` and `+ line` in the order of the file; lines that stay are left out. Values of passwords are masked,
 * so that a difference can be shown, stored and logged. Texts of more than 4,000 lines together are told apart as a whole.
 */
export const lineDiff = (before: string, after: string): string[] => {
  if (before === after) return []
  const [from, to] = [before.split('\n'), after.split('\n')]
  if (from.length + to.length > sizeMax) return [`- ${from.length} lines`, `+ ${to.length} lines`]
  const longest = commonLengths(from, to)
  const lines: string[] = []
  for (let [i, j] = [0, 0]; i < from.length || j < to.length; ) {
    if (i < from.length && j < to.length && from[i] === to[j]) [i, j] = [i + 1, j + 1]
    else if (i < from.length && (j === to.length || longest[i + 1]![j]! >= longest[i]![j + 1]!))
      lines.push(`- ${maskPasswords(from[i++]!)}`)
    else lines.push(`+ ${maskPasswords(to[j++]!)}`)
  }
  return lines
}

/** `[i][j]`: how many lines the rest of both from there on have in common, in order. */
const commonLengths = (from: readonly string[], to: readonly string[]): Uint16Array[] => {
  const longest = Array.from({ length: from.length + 1 }, () => new Uint16Array(to.length + 1))
  for (let i = from.length - 1; i >= 0; i -= 1)
    for (let j = to.length - 1; j >= 0; j -= 1)
      longest[i]![j] = from[i] === to[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!)
  return longest
}

export const maskPasswords = (text: string): string => text.replaceAll(/(\bpassword\s*=\s*)('(?:[^']|'')*'|\S+)/gi, '$1…')
